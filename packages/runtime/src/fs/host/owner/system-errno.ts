import { ERRNO, type Errno, type ErrnoName } from '../../../wasi/errno.ts'
import { FileError } from '../../file-error.ts'

/** What guests are told for errors of the system whose name is not that of a WASI errno with an `E` before it. */
const RENAMED: Readonly<Record<string, ErrnoName>> = {
  ECHARSET: 'ilseq',
  EFTYPE: 'inval',
  EHOSTDOWN: 'hostunreach',
  ENODATA: 'noent',
  ENONET: 'netunreach',
  EOF: 'io',
  EOPNOTSUPP: 'notsup',
  EREMOTEIO: 'io',
  ESHUTDOWN: 'pipe',
  ESOCKTNOSUPPORT: 'notsup',
  EUNATCH: 'io',
  EWOULDBLOCK: 'again',
  UNKNOWN: 'io',
}

const NAMES: ReadonlyMap<Errno, ErrnoName> = new Map(
  (Object.entries(ERRNO) as [ErrnoName, Errno][]).map(([name, errno]) => [errno, name]),
)

/** The WASI name of an error code of Node's file functions, such as `noent` for `ENOENT`; `io` if it has none. */
export function errnoNameOf(code: string): ErrnoName {
  const renamed = Object.hasOwn(RENAMED, code) ? RENAMED[code] : undefined
  if (renamed !== undefined) return renamed
  const name = code.startsWith('E') ? code.slice(1).toLowerCase() : ''
  return isErrnoName(name) ? name : 'io'
}

/** The name of an error number. */
export function nameOfErrno(errno: Errno): ErrnoName {
  return NAMES.get(errno) ?? 'io'
}

/** The code of an error of the system, such as `ENOENT`; `undefined` for errors that are our own faults. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return 'syscall' in error ? error.code : undefined
}

/** Ends an operation. @throws {FileError} always */
export function failWith(name: ErrnoName): never {
  throw new FileError(ERRNO[name])
}

function isErrnoName(name: string): name is ErrnoName {
  return Object.hasOwn(ERRNO, name)
}
