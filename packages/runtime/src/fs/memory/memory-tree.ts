import { ENTRY_FUEL } from '../../limits.ts'
import { ERRNO } from '../../wasi/errno.ts'
import { FileError } from '../file-error.ts'
import { FILE_TYPE, type FileTimes } from '../file-system.ts'
import type { LayerDirectory, LayerEntry } from '../layers/file-layer.ts'
import { compareUtf8, utf8Size } from '../names.ts'
import type { FileBudget } from './file-budget.ts'
import { overwrite, resize } from './file-contents.ts'
import type { DirectoryNode, FileNode, Node } from './node.ts'

/** What a tree needs of the run that it belongs to. */
export interface TreeWorld {
  /** The guest's clock, in nanoseconds since the Unix epoch. */
  readonly nowNs: bigint
  /** Charges the guest for work. */
  charge(fuel: number): void
}

/** Configures a {@link MemoryTree}. */
export interface MemoryTreeInit {
  /** Tells the trees of a run apart. */
  readonly device: bigint
  readonly budget: FileBudget
  /** Files that are there from the beginning; what is written is copied, and the layer stays as it is. */
  readonly layer?: LayerDirectory
}

/** A name in a directory. */
export interface NamedPlace {
  readonly directory: DirectoryNode
  readonly name: string
}

/** Names in a directory that making room between them costs one unit of fuel for, as moving their bytes does. */
const MOVED_NAMES_PER_FUEL = 8

/**
 * Directories and files in memory, the same on every node: inode numbers count what was made or first looked at, times
 * come from the guest's clock, and directories are in the order of their names' bytes.
 *
 * Access times are those of the making, or what the guest sets: reading leaves no trace (as `noatime`).
 */
export class MemoryTree {
  readonly device: bigint
  readonly root: DirectoryNode
  readonly #world: TreeWorld
  readonly #budget: FileBudget
  readonly #startNs: bigint
  #inodes = 0n

  constructor(world: TreeWorld, { device, budget, layer }: MemoryTreeInit) {
    this.#world = world
    this.#budget = budget
    this.#startNs = world.nowNs
    this.device = device
    this.root = this.#createDirectory(this.#startNs, undefined, layer)
  }

  /** Charges the guest for work in the tree. */
  charge(fuel: number): void {
    this.#world.charge(fuel)
  }

  /** What a directory holds, with what the layer below has there. */
  entriesOf(directory: DirectoryNode): ReadonlyMap<string, Node> {
    const { layer } = directory
    if (layer !== undefined) {
      directory.layer = undefined
      this.charge(layer.entries.size * ENTRY_FUEL)
      for (const [name, entry] of layer.entries) insert(directory, name, this.#createFrom(directory, entry))
    }
    return directory.entries
  }

  /** Makes an empty file. @throws {FileError} `nospc`, `noent` in a removed directory */
  addFile(directory: DirectoryNode, name: string): FileNode {
    const node = this.#createFile(this.#world.nowNs, new Uint8Array(), false)
    this.attach(directory, name, node)
    return node
  }

  /** Makes an empty directory. @throws {FileError} `nospc`, `noent` in a removed directory */
  addDirectory(directory: DirectoryNode, name: string): void {
    this.attach(directory, name, this.#createDirectory(this.#world.nowNs, directory, undefined))
  }

  /** Makes a symbolic link. @throws {FileError} `nospc`, `noent` in a removed directory */
  addLink(directory: DirectoryNode, name: string, target: string): void {
    const size = utf8Size(target)
    this.#budget.takeBytes(size)
    try {
      this.attach(directory, name, this.#createLink(this.#world.nowNs, target, false))
    } catch (error) {
      this.#budget.takeBytes(-size)
      throw error
    }
  }

  /** Gives a node a name, which is free. @throws {FileError} `nospc`, `noent` in a removed directory */
  attach(directory: DirectoryNode, name: string, node: Node): void {
    if (directory.isRemoved) throw new FileError(ERRNO.noent)
    this.#budget.takeEntry()
    this.charge(Math.floor(directory.names.length / MOVED_NAMES_PER_FUEL))
    insert(directory, name, node)
    this.#touch(directory, node)
  }

  /** Takes a node's name away. With its last one it ends, a file when it is not open either. */
  detach(directory: DirectoryNode, name: string, node: Node): void {
    this.#budget.giveEntry()
    this.charge(Math.floor(directory.names.length / MOVED_NAMES_PER_FUEL))
    remove(directory, name, node)
    this.#touch(directory, node)
    if (node.type === FILE_TYPE.regularFile) this.release(node)
    else if (node.type === FILE_TYPE.symbolicLink && node.links === 0 && !node.isShared) {
      this.#budget.takeBytes(-utf8Size(node.target))
    }
  }

  /** Gives a node another name, which is free, in place of one that it has. */
  move(from: NamedPlace, to: NamedPlace, node: Node): void {
    this.charge(Math.floor((from.directory.names.length + to.directory.names.length) / MOVED_NAMES_PER_FUEL))
    remove(from.directory, from.name, node)
    insert(to.directory, to.name, node)
    this.#touch(from.directory, node)
    this.#touch(to.directory, node)
  }

  /** Gives back the bytes of a file if it has neither a name nor a descriptor. */
  release(node: FileNode): void {
    if (node.links > 0 || node.opens > 0) return
    if (!node.isShared) this.#budget.takeBytes(-node.size)
    node.bytes = new Uint8Array()
    node.size = 0
  }

  /** Sets a file's size; what is new is zero. @throws {FileError} `nospc` */
  setSize(node: FileNode, size: number): void {
    this.charge(resize(node, size, this.#budget))
    this.#modify(node)
  }

  /** Writes bytes, growing the file as needed. @throws {FileError} `nospc` */
  write(node: FileNode, offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    if (end > node.size) this.charge(resize(node, end, this.#budget))
    this.charge(overwrite(node, offset, bytes, this.#budget))
    this.#modify(node)
  }

  /** Sets the times that the guest wants. */
  setTimes(node: Node, { accessedNs, modifiedNs }: FileTimes): void {
    node.accessedNs = accessedNs ?? node.accessedNs
    node.modifiedNs = modifiedNs ?? node.modifiedNs
    node.changedNs = this.#world.nowNs
  }

  #modify(node: Node): void {
    node.modifiedNs = this.#world.nowNs
    node.changedNs = node.modifiedNs
  }

  #touch(directory: DirectoryNode, node: Node): void {
    this.#modify(directory)
    node.changedNs = directory.changedNs
  }

  #createFrom(parent: DirectoryNode, entry: LayerEntry): Node {
    if (entry.kind === 'directory') return this.#createDirectory(this.#startNs, parent, entry)
    if (entry.kind === 'link') return this.#createLink(this.#startNs, entry.target, true)
    return this.#createFile(this.#startNs, entry.bytes, true)
  }

  #createFile(timeNs: bigint, bytes: Uint8Array, isShared: boolean): FileNode {
    return {
      type: FILE_TYPE.regularFile,
      ...this.#createFacts(timeNs),
      links: 0,
      opens: 0,
      bytes,
      size: bytes.length,
      isShared,
    }
  }

  #createLink(timeNs: bigint, target: string, isShared: boolean): Node {
    return { type: FILE_TYPE.symbolicLink, ...this.#createFacts(timeNs), links: 0, target, isShared }
  }

  #createDirectory(
    timeNs: bigint,
    parent: DirectoryNode | undefined,
    layer: LayerDirectory | undefined,
  ): DirectoryNode {
    return {
      type: FILE_TYPE.directory,
      ...this.#createFacts(timeNs),
      parent,
      entries: new Map(),
      names: [],
      subdirectories: 0,
      isRemoved: false,
      layer,
    }
  }

  #createFacts(timeNs: bigint): { inode: bigint; accessedNs: bigint; modifiedNs: bigint; changedNs: bigint } {
    this.#inodes++
    return { inode: this.#inodes, accessedNs: timeNs, modifiedNs: timeNs, changedNs: timeNs }
  }
}

function insert(directory: DirectoryNode, name: string, node: Node): void {
  directory.entries.set(name, node)
  const last = directory.names.at(-1)
  if (last === undefined || compareUtf8(last, name) < 0) directory.names.push(name)
  else directory.names.splice(positionOf(directory.names, name), 0, name)
  if (node.type === FILE_TYPE.directory) {
    node.parent = directory
    directory.subdirectories++
  } else node.links++
}

function remove(directory: DirectoryNode, name: string, node: Node): void {
  directory.entries.delete(name)
  directory.names.splice(positionOf(directory.names, name), 1)
  if (node.type === FILE_TYPE.directory) directory.subdirectories--
  else node.links--
}

/** Where a name stands in the order, or would stand. */
function positionOf(names: readonly string[], name: string): number {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareUtf8(names[middle] as string, name) < 0) low = middle + 1
    else high = middle
  }
  return low
}
