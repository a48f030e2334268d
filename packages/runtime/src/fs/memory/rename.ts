import { ERRNO } from '../../wasi/errno.ts'
import { FileError } from '../file-error.ts'
import { FILE_TYPE } from '../file-system.ts'
import { isDots, type Place } from './locate.ts'
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
  if (node.type === FILE_TYPE.directory) checkAbove(tree, node, to.directory)
  else if (from.isDirectoryMeant || to.isDirectoryMeant) throw new FileError(ERRNO.notdir)
  // two names of one file: both stay
  if (node === to.node) return
  if (to.node !== undefined) checkReplaced(tree, node, to.node)
  if (to.directory.isRemoved) throw new FileError(ERRNO.noent)
  if (to.node !== undefined) removeNode(tree, to, to.node)
  tree.move(from, to, node)
}

/** Takes away what is at a place, which nothing is in if it is a directory. */
export function removeNode(tree: MemoryTree, { directory, name }: Place, node: Node): void {
  tree.detach(directory, name, node)
  if (node.type === FILE_TYPE.directory) node.isRemoved = true
}

/** A directory cannot be moved below itself. */
function checkAbove(tree: MemoryTree, moved: DirectoryNode, target: DirectoryNode): void {
  for (let above: DirectoryNode | undefined = target; above !== undefined; above = above.parent) {
    tree.charge(1)
    if (above === moved) throw new FileError(ERRNO.inval)
  }
}

function checkReplaced(tree: MemoryTree, node: Node, replaced: Node): void {
  const isDirectory = node.type === FILE_TYPE.directory
  if (replaced.type !== FILE_TYPE.directory) {
    if (isDirectory) throw new FileError(ERRNO.notdir)
  } else if (!isDirectory) throw new FileError(ERRNO.isdir)
  else if (tree.entriesOf(replaced).size > 0) throw new FileError(ERRNO.notempty)
}
