import { toUtf8 } from '@blockless/core'
import { NAME_SIZE_MAX, PATH_SIZE_MAX } from '../defaults.ts'
import { UnixfsError } from './unixfs-error.ts'

/**
 * Splits a relative path such as `a/b.txt` into its names; the empty path is the root and has none.
 *
 * @throws {UnixfsError} `ERR_UNIXFS_PATH` for what could leave a folder or means different things on different
 * systems: absolute paths, `.`, `..`, empty names, backslashes, NUL, unpaired surrogates, names above 255 or paths
 * above 4096 UTF-8 bytes
 */
export function parsePath(path: string): string[] {
  if (path === '') return []
  if (toUtf8(path).length > PATH_SIZE_MAX) throw pathError(path, `it exceeds ${PATH_SIZE_MAX} bytes`)
  if (path.startsWith('/')) throw pathError(path, 'it is absolute, a relative one is needed')
  const names = path.split('/')
  for (const name of names) assertName(name, path)
  return names
}

/** Throws unless `name` may be one name in a directory. @throws {UnixfsError} `ERR_UNIXFS_PATH` */
export function assertName(name: string, path: string = name): void {
  if (name === '') throw pathError(path, 'a name is empty')
  if (name === '.' || name === '..') throw pathError(path, `the name "${name}" leaves its place`)
  if (/[/\\\0]/.test(name)) throw pathError(path, 'a name holds a slash, a backslash or NUL')
  if (!name.isWellFormed() || name.includes('\uFFFD')) throw pathError(path, 'a name is no valid Unicode')
  if (toUtf8(name).length > NAME_SIZE_MAX) throw pathError(path, `a name exceeds ${NAME_SIZE_MAX} bytes`)
}

function pathError(path: string, problem: string): UnixfsError {
  // Paths come from strangers: what is reported of one is bounded as well.
  return new UnixfsError({ code: 'ERR_UNIXFS_PATH', path: path.slice(0, 200), problem })
}
