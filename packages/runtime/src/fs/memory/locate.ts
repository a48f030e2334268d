import { LINKS_FOLLOWED_MAX, LOOKUP_FUEL, NAME_SIZE_MAX, PATH_SIZE_MAX } from '../../limits.ts'
import { ERRNO } from '../../wasi/errno.ts'
import { FileError } from '../file-error.ts'
import { FILE_TYPE } from '../file-system.ts'
import { utf8Size } from '../names.ts'
import type { MemoryTree } from './memory-tree.ts'
import type { DirectoryNode, Node } from './node.ts'

/** Where a path leads: a name in a directory, and what has that name. */
export interface Place {
  readonly directory: DirectoryNode
  /** `.` or `..` if the path ends so, with `directory` what it means; no name can be made or taken away there. */
  readonly name: string
  /** Undefined if the name is free. */
  readonly node: Node | undefined
  /** Whether the path ends with a slash, so that only a directory can be meant; see {@link nodeAt}. */
  readonly isDirectoryMeant: boolean
}

/** How the end of a path is looked up. */
export interface LocateOptions {
  /** Whether a symbolic link at the end is followed. */
  readonly follow: boolean
  /** Whether the end is to be looked into, so that a slash behind a link follows it. */
  readonly followSlash?: boolean
}

/**
 * Finds where a path leads, within the directory that it starts from.
 *
 * The rules are those of `openat2` with `RESOLVE_BENEATH`: neither `..` nor a symbolic link leads out of the starting
 * directory, and absolute paths lead nowhere.
 *
 * @throws {FileError} `perm` for a path that leads out, `loop`, `nametoolong`, `noent`, `notdir`; not for its end
 */
export function locate(tree: MemoryTree, start: DirectoryNode, path: string, options: LocateOptions): Place {
  if (path === '') throw new FileError(ERRNO.noent)
  let isDirectoryMeant = path.endsWith('/')
  let linksFollowed = 0
  /** Directories on the way here; `..` goes back along it. */
  const way = [start]
  /** Names still to be looked up, the next one last. */
  const names = reversedNames(path)
  for (;;) {
    const directory = way.at(-1) as DirectoryNode
    const name = names.pop() as string
    const isLast = names.length === 0
    if (name === '.' || name === '..') {
      if (name === '..') way.pop()
      const found = way.at(-1)
      if (found === undefined) throw new FileError(ERRNO.perm)
      if (isLast) return { directory: found, name, node: found, isDirectoryMeant: true }
      continue
    }
    const node = look(tree, directory, name)
    const follows = !isLast || options.follow || (isDirectoryMeant && options.followSlash === true)
    if (node?.type === FILE_TYPE.symbolicLink && follows) {
      if (++linksFollowed > LINKS_FOLLOWED_MAX) throw new FileError(ERRNO.loop)
      isDirectoryMeant ||= isLast && node.target.endsWith('/')
      names.push(...reversedNames(node.target))
    } else if (isLast) {
      return { directory, name, node, isDirectoryMeant }
    } else {
      if (node === undefined) throw new FileError(ERRNO.noent)
      way.push(checkDirectory(node))
    }
  }
}

/** What is at a place, with regard to a slash at the path's end. @throws {FileError} `noent`, `notdir` */
export function nodeAt({ node, isDirectoryMeant }: Place): Node {
  if (node === undefined) throw new FileError(ERRNO.noent)
  return isDirectoryMeant ? checkDirectory(node) : node
}

/** Whether a path ends with `.` or `..`, which can be neither made nor taken away. */
export function isDots({ name }: Place): boolean {
  return name === '.' || name === '..'
}

function look(tree: MemoryTree, directory: DirectoryNode, name: string): Node | undefined {
  tree.charge(LOOKUP_FUEL)
  if (name.length > NAME_SIZE_MAX || utf8Size(name) > NAME_SIZE_MAX) throw new FileError(ERRNO.nametoolong)
  return tree.entriesOf(directory).get(name)
}

function checkDirectory(node: Node): DirectoryNode {
  if (node.type !== FILE_TYPE.directory) throw new FileError(ERRNO.notdir)
  return node
}

/** The names of a path, the first one last; at least one, as `a//./b` is `a/b` and `./` is `.`. */
function reversedNames(path: string): string[] {
  if (path.length > PATH_SIZE_MAX) throw new FileError(ERRNO.nametoolong)
  if (path.startsWith('/')) throw new FileError(ERRNO.perm)
  const names = path.split('/').filter((name) => name !== '')
  const last = names.at(-1)
  return (
    last === '.' ? [...names.filter((name) => name !== '.'), '.'] : names.filter((name) => name !== '.')
  ).reverse()
}
