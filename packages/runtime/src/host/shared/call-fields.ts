import type { HostCall } from '../../host-call/host-call.ts'

// What a call brings was written by a process that may have been taken over, so nothing is used unread.

/** A whole number of a call, `min..max`. @throws {TypeError} if it is none */
export function integerField({ name, fields }: HostCall, field: string, min: number, max: number): number {
  const value = fields[field]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new TypeError(`Cannot serve "${name}": its "${field}" is no whole number from ${min} to ${max}`)
}

/** A text of a call. @throws {TypeError} if it is none or longer than `lengthMax` UTF-16 units */
export function textField({ name, fields }: HostCall, field: string, lengthMax: number): string {
  const value = fields[field]
  if (typeof value === 'string' && value.length <= lengthMax) return value
  throw new TypeError(`Cannot serve "${name}": its "${field}" is no text of at most ${lengthMax} characters`)
}

/** A flag of a call. @throws {TypeError} if it is none */
export function flagField({ name, fields }: HostCall, field: string): boolean {
  const value = fields[field]
  if (typeof value === 'boolean') return value
  throw new TypeError(`Cannot serve "${name}": its "${field}" is neither true nor false`)
}

/** A list of whole numbers of a call, each `0..2^32-1`. @throws {TypeError} if it is none or longer than `countMax` */
export function integersField({ name, fields }: HostCall, field: string, countMax: number): readonly number[] {
  const value = fields[field]
  const isIndex = (each: unknown): each is number => typeof each === 'number' && each >>> 0 === each
  if (Array.isArray(value) && value.length <= countMax && value.every(isIndex)) return value
  throw new TypeError(`Cannot serve "${name}": its "${field}" is no list of at most ${countMax} whole numbers`)
}
