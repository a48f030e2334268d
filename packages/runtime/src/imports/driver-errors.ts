/** Errors of `blockless_drivers.witx`; what a driver answers, and what its guest is told. */
export const DRIVER_ERRORS = {
  success: 0,
  eof: 1,
  '2big': 2,
  acces: 3,
  addrinuse: 4,
  addrnotavail: 5,
  afnosupport: 6,
  again: 7,
  badf: 8,
  bad_connect: 9,
  bad_driver: 10,
  bad_open: 11,
  bad_params: 12,
  unknown: 13,
  permission_deny: 14,
} as const

/** Name of a driver's error, such as `bad_connect`. */
export type DriverErrorName = keyof typeof DRIVER_ERRORS
