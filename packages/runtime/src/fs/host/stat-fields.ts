import type { Fields, FieldValue } from '../../host-call/host-call.ts'
import { FILE_TYPE, type FileStat, type FileType } from '../file-system.ts'

const DECIMAL = /^-?\d{1,20}$/
const FILE_TYPES: ReadonlySet<number> = new Set(Object.values(FILE_TYPE))

/** What is known of a file as fields of an answer; integers travel as decimal text. */
export function statFields(stat: FileStat): Fields {
  return {
    device: stat.device.toString(),
    inode: stat.inode.toString(),
    type: stat.type,
    links: stat.links.toString(),
    size: stat.size.toString(),
    accessedNs: stat.accessedNs.toString(),
    modifiedNs: stat.modifiedNs.toString(),
    changedNs: stat.changedNs.toString(),
  }
}

/** The reverse of {@link statFields}. @throws {TypeError} if a field is missing or none of these */
export function statOfFields(fields: Fields): FileStat {
  return {
    device: bigintOf(fields.device),
    inode: bigintOf(fields.inode),
    type: fileTypeOf(fields.type),
    links: bigintOf(fields.links),
    size: bigintOf(fields.size),
    accessedNs: bigintOf(fields.accessedNs),
    modifiedNs: bigintOf(fields.modifiedNs),
    changedNs: bigintOf(fields.changedNs),
  }
}

/** An integer that travelled as decimal text. @throws {TypeError} if it is none of at most 20 digits */
export function bigintOf(value: FieldValue | undefined): bigint {
  if (typeof value === 'string' && DECIMAL.test(value)) return BigInt(value)
  throw new TypeError('Cannot read field: it is no integer in decimal text')
}

/** A kind of file by its number. @throws {TypeError} if there is none of this number */
export function fileTypeOf(value: FieldValue | undefined): FileType {
  if (isFileType(value)) return value
  throw new TypeError('Cannot read field: it is no kind of file')
}

function isFileType(value: FieldValue | undefined): value is FileType {
  return typeof value === 'number' && FILE_TYPES.has(value)
}
