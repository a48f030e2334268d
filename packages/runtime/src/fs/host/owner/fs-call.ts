import { flagField, textField } from '../../../host/shared/call-fields.ts'
import type { HostCall } from '../../../host-call/host-call.ts'
import type { FileTimes, OpenOptions } from '../../file-system.ts'
import { PATH_SIZE_MAX } from '../fs-limits.ts'

/** The largest value of a WASI `u64`. */
const UNSIGNED_MAX = 2n ** 64n - 1n
const DECIMAL = /^\d{1,20}$/

/**
 * A path of a call. A longer one than a path can be is let through, for the operation to refuse it.
 *
 * @throws {TypeError} if it is no text that UTF-8 can hold
 */
export function pathField(call: HostCall, field: string): string {
  const path = textField(call, field, 16 * PATH_SIZE_MAX)
  if (path.isWellFormed()) return path
  throw new TypeError(`Cannot serve "${call.name}": its "${field}" is no text that UTF-8 can hold`)
}

/** A `u64` of a call, as decimal text. @throws {TypeError} if it is none */
export function unsignedField({ name, fields }: HostCall, field: string): bigint {
  const value = fields[field]
  if (typeof value === 'string' && DECIMAL.test(value)) {
    const integer = BigInt(value)
    if (integer <= UNSIGNED_MAX) return integer
  }
  throw new TypeError(`Cannot serve "${name}": its "${field}" is no unsigned integer of 64 bits in decimal text`)
}

/** The times of a call; absent ones stay. @throws {TypeError} if one is no `u64` */
export function timesFields(call: HostCall): FileTimes {
  const accessed = call.fields.accessedNs === undefined ? {} : { accessedNs: unsignedField(call, 'accessedNs') }
  const modified = call.fields.modifiedNs === undefined ? {} : { modifiedNs: unsignedField(call, 'modifiedNs') }
  return { ...accessed, ...modified }
}

/** How a call wants a path opened. @throws {TypeError} if a flag is missing */
export function openFields(call: HostCall): OpenOptions {
  return {
    read: flagField(call, 'read'),
    write: flagField(call, 'write'),
    create: flagField(call, 'create'),
    exclusive: flagField(call, 'exclusive'),
    truncate: flagField(call, 'truncate'),
    directory: flagField(call, 'directory'),
    followSymlink: flagField(call, 'followSymlink'),
  }
}
