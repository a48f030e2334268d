/** Error numbers of WASI preview 1 that this host answers. Source: `typenames.witx`, `$errno`. */
export const ERRNO = {
  success: 0,
  badf: 8,
  fault: 21,
  inval: 28,
  notdir: 54,
  notsock: 57,
  notsup: 58,
  notcapable: 76,
  spipe: 70,
} as const

/** One of {@link ERRNO}'s values. */
export type Errno = (typeof ERRNO)[keyof typeof ERRNO]
