import { PATH_SIZE_MAX } from '../fs-limits.ts'
import { failWith } from './system-errno.ts'

/** A path taken apart; it is relative, and `.` is left out. */
export interface PathParts {
  readonly names: readonly string[]
  /** It ends in a slash, or in `.` or `..`, so nothing but a directory can be there. */
  readonly isDirectory: boolean
}

/**
 * Takes a path apart, from a guest or from a link.
 *
 * @throws {FileError} `noent` for an empty one, `perm` for an absolute one, `inval` with a NUL in it, `nametoolong`
 */
export function parsePath(path: string): PathParts {
  if (path === '') failWith('noent')
  if (path.includes('\0')) failWith('inval')
  if (path.startsWith('/')) failWith('perm')
  if (path.length > PATH_SIZE_MAX || Buffer.byteLength(path) > PATH_SIZE_MAX) failWith('nametoolong')
  const pieces = path.split('/')
  return { names: pieces.filter((piece) => piece !== '' && piece !== '.'), isDirectory: /(^|\/)\.{0,2}$/.test(path) }
}

/** Whether a link's target, read from a directory `depth` below the folder, names something above the folder. */
export function climbsOut(names: readonly string[], depth: number): boolean {
  let left = depth
  for (const name of names) {
    left += name === '..' ? -1 : 1
    if (left < 0) return true
  }
  return false
}

/** Where a path would lead if there were no links: for telling the gate about a path that leads nowhere. */
export function namesWithoutLinks(from: readonly string[], path: readonly string[]): readonly string[] {
  const names = [...from]
  for (const name of path) {
    if (name === '..') names.pop()
    else names.push(name)
  }
  return names
}
