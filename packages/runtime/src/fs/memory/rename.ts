import { ERRNO } from '../../wasi/errno.ts'
import { FileError } from '../file-error.ts'
import { FILE_TYPE } from '../file-system.ts'
import type { Place } from './locate.ts'
import type { MemoryTree } from './memory-tree.ts'
import type { DirectoryNode, Node } from './node.ts'

/**
 * Moves what is at one place to another, in place of what is there, as `rename` of POSIX.
 *
 * @throws {FileError} `noent`, `busy`, `inval` for a directory into itself, `notdir`, `isdir`, `notempty`, `nospc`
 */
export function renamePlace(tree: MemoryTree, from: Place, to: Place): void {
  const { node } = from
  if (isDots(from) || isDots(to)) throw new FileError(ERRNO.busy)
  if (node === undefined) throw new FileError(ERRNO.noent)
  // two names of one file: both stay
  if (node === to.node) return
  if (node.type === FILE_TYPE.directory) checkMove(tree, node, to)
  else if (to.node?.type === FILE_TYPE.directory) throw new FileError(ERRNO.isdir)
  else if (to.isDirectoryMeant) throw new FileError(ERRNO.notdir)
  if (to.directory.isRemoved) throw new FileError(ERRNO.noent)
  if (to.node !== undefined) removeNode(tree, to, to.node)
  tree.move(from, to, node)
}

/** Takes away what is at a place, which nothing is in if it is a directory. */
export function removeNode(tree: MemoryTree, { directory, name }: Place, node: Node): void {
  tree.detach(directory, name, node)
  if (node.type === FILE_TYPE.directory) node.isRemoved = true
}

function checkMove(tree: MemoryTree, moved: DirectoryNode, to: Place): void {
  for (let above: DirectoryNode | undefined = to.directory; above !== undefined; above = above.parent) {
    if (above === moved) throw new FileError(ERRNO.inval)
  }
  if (to.node === undefined) return
  if (to.node.type !== FILE_TYPE.directory) throw new FileError(ERRNO.notdir)
  if (tree.entriesOf(to.node).size > 0) throw new FileError(ERRNO.notempty)
}

function isDots({ name }: Place): boolean {
  return name === '.' || name === '..'
}
