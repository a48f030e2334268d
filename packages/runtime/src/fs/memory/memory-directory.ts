import { ERRNO } from '../../wasi/errno.ts'
import { FileError } from '../file-error.ts'
import {
  type DirectoryEntry,
  FILE_TYPE,
  type FileStat,
  type FileTimes,
  type OpenDirectory,
  type OpenFile,
  type OpenOptions,
} from '../file-system.ts'
import { isDots, locate, nodeAt, type Place } from './locate.ts'
import { MemoryFile } from './memory-file.ts'
import type { MemoryTree } from './memory-tree.ts'
import { type DirectoryNode, type Node, statOf } from './node.ts'
import { removeNode, renamePlace } from './rename.ts'

/** An open directory of a {@link MemoryTree}. Every method answers at once. */
export class MemoryDirectory implements OpenDirectory {
  readonly kind = 'directory'
  readonly #tree: MemoryTree
  readonly #node: DirectoryNode

  /** @param node - the tree's root unless another directory is given */
  constructor(tree: MemoryTree, node: DirectoryNode = tree.root) {
    this.#tree = tree
    this.#node = node
  }

  stat(): FileStat {
    return statOf(this.#node, this.#tree.device)
  }

  open(path: string, options: OpenOptions): OpenFile | OpenDirectory {
    // a link is never followed to make something that must be new
    const follow = options.followSymlink && !(options.create && options.exclusive)
    const place = locate(this.#tree, this.#node, path, { follow, followSlash: true })
    if (options.create && place.isDirectoryMeant && !isDots(place)) throw new FileError(ERRNO.isdir)
    if (place.node === undefined) return this.#create(place, options)
    if (options.create && options.exclusive) throw new FileError(ERRNO.exist)
    return this.#open(nodeAt(place), options)
  }

  #create(place: Place, options: OpenOptions): OpenFile {
    if (!options.create) throw new FileError(ERRNO.noent)
    return new MemoryFile(this.#tree, this.#tree.addFile(place.directory, place.name))
  }

  #open(node: Node, options: OpenOptions): OpenFile | OpenDirectory {
    if (node.type === FILE_TYPE.symbolicLink) throw new FileError(ERRNO.loop)
    if (node.type === FILE_TYPE.directory) {
      if (options.write || options.create || options.truncate) throw new FileError(ERRNO.isdir)
      return new MemoryDirectory(this.#tree, node)
    }
    if (options.directory) throw new FileError(ERRNO.notdir)
    if (options.truncate) this.#tree.setSize(node, 0)
    return new MemoryFile(this.#tree, node)
  }

  statAt(path: string, followSymlink: boolean): FileStat {
    return statOf(this.#find(path, followSymlink), this.#tree.device)
  }

  setTimesAt(path: string, followSymlink: boolean, times: FileTimes): void {
    this.#tree.setTimes(this.#find(path, followSymlink), times)
  }

  setTimes(times: FileTimes): void {
    this.#tree.setTimes(this.#node, times)
  }

  list(): readonly DirectoryEntry[] {
    const { inode, parent = this.#node, names } = this.#node
    const entries = this.#tree.entriesOf(this.#node)
    const type = FILE_TYPE.directory
    const listed: DirectoryEntry[] = [
      { name: '.', inode, type },
      { name: '..', inode: parent.inode, type },
    ]
    for (const name of names) {
      const node = entries.get(name) as Node
      listed.push({ name, inode: node.inode, type: node.type })
    }
    return listed
  }

  createDirectory(path: string): void {
    const place = locate(this.#tree, this.#node, path, { follow: false })
    if (place.node !== undefined) throw new FileError(ERRNO.exist)
    this.#tree.addDirectory(place.directory, place.name)
  }

  removeDirectory(path: string): void {
    const place = locate(this.#tree, this.#node, path, { follow: false })
    const { name } = place
    const node = nodeAt(place)
    if (name === '.') throw new FileError(ERRNO.inval)
    if (node.type !== FILE_TYPE.directory) throw new FileError(ERRNO.notdir)
    if (name === '..' || this.#tree.entriesOf(node).size > 0) throw new FileError(ERRNO.notempty)
    removeNode(this.#tree, place, node)
  }

  unlink(path: string): void {
    const place = locate(this.#tree, this.#node, path, { follow: false })
    const node = nodeAt(place)
    if (node.type === FILE_TYPE.directory) throw new FileError(ERRNO.isdir)
    removeNode(this.#tree, place, node)
  }

  rename(path: string, to: OpenDirectory, toPath: string): void {
    const from = locate(this.#tree, this.#node, path, { follow: false })
    renamePlace(this.#tree, from, this.#placeIn(to, toPath))
  }

  link(path: string, followSymlink: boolean, to: OpenDirectory, toPath: string): void {
    const node = nodeAt(locate(this.#tree, this.#node, path, { follow: followSymlink }))
    const place = this.#placeIn(to, toPath)
    if (place.node !== undefined) throw new FileError(ERRNO.exist)
    if (place.isDirectoryMeant) throw new FileError(ERRNO.noent)
    if (node.type === FILE_TYPE.directory) throw new FileError(ERRNO.perm)
    this.#tree.attach(place.directory, place.name, node)
  }

  /** Targets are relative: an absolute one would mean nothing in the guest's tree, or something else each time. */
  symlink(target: string, path: string): void {
    if (target === '') throw new FileError(ERRNO.noent)
    if (target.startsWith('/')) throw new FileError(ERRNO.perm)
    const place = locate(this.#tree, this.#node, path, { follow: false })
    if (place.node !== undefined) throw new FileError(ERRNO.exist)
    if (place.isDirectoryMeant) throw new FileError(ERRNO.noent)
    this.#tree.addLink(place.directory, place.name, target)
  }

  readLink(path: string): string {
    const node = this.#find(path, false)
    if (node.type !== FILE_TYPE.symbolicLink) throw new FileError(ERRNO.inval)
    return node.target
  }

  /** Memory is as durable as it gets. */
  sync(): void {}

  close(): void {}

  #find(path: string, follow: boolean): Node {
    return nodeAt(locate(this.#tree, this.#node, path, { follow, followSlash: true }))
  }

  #placeIn(to: OpenDirectory, path: string): Place {
    if (!(to instanceof MemoryDirectory) || to.#tree !== this.#tree) throw new FileError(ERRNO.xdev)
    return locate(this.#tree, to.#node, path, { follow: false })
  }
}
