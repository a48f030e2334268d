import type { Awaitable } from '../../../awaitable.ts'
import { DRIVER_ERRORS, type DriverErrorName } from '../../../imports/driver-errors.ts'

/** What every driver does, whatever it is written in. Methods throw a {@link DriverFailure} for what a guest shall see. */
export interface Driver {
  /** Opens a URL of the driver's scheme. @returns a handle of the driver's own, an unsigned 32-bit number */
  open(url: string, options: Uint8Array): Awaitable<number>
  /** Waits for up to `size` bytes; none at the end. */
  read(handle: number, size: number): Awaitable<Uint8Array>
  /** @returns how many bytes it took, at least 1 of a piece that is not empty */
  write(handle: number, bytes: Uint8Array): Awaitable<number>
  close(handle: number): Awaitable<void>
}

/** An error in the words of drivers, by its number in {@link DRIVER_ERRORS}. */
export class DriverFailure extends Error {
  readonly number: number

  /** @param number - anything; what is no error of drivers is `unknown` */
  constructor(number: number) {
    super(`driver error ${number}`)
    this.name = 'DriverFailure'
    const isKnown = number !== DRIVER_ERRORS.success && Object.values<number>(DRIVER_ERRORS).includes(number)
    this.number = isKnown ? number : DRIVER_ERRORS.unknown
  }

  /** A failure by its name; `unknown` if it is not one of ours. */
  static named(name: string): DriverFailure {
    return new DriverFailure(isName(name) ? DRIVER_ERRORS[name] : DRIVER_ERRORS.unknown)
  }
}

function isName(name: string): name is DriverErrorName {
  return Object.hasOwn(DRIVER_ERRORS, name)
}
