import { FILE_TYPE, type FileStat } from '../file-system.ts'
import type { LayerDirectory } from '../layers/file-layer.ts'

interface NodeFacts {
  readonly inode: bigint
  accessedNs: bigint
  modifiedNs: bigint
  changedNs: bigint
}

/** A regular file in memory. */
export interface FileNode extends NodeFacts {
  readonly type: typeof FILE_TYPE.regularFile
  /** Names of it in directories. */
  links: number
  /** Descriptors it is open under; an unlinked file lives as long as there are any. */
  opens: number
  /** Holds the contents from its start; the rest is room to grow. */
  bytes: Uint8Array
  size: number
  /** Whether `bytes` belong to a layer below, so that they are copied before they are written. */
  isShared: boolean
}

/** A symbolic link in memory. */
export interface LinkNode extends NodeFacts {
  readonly type: typeof FILE_TYPE.symbolicLink
  links: number
  readonly target: string
  /** Whether it belongs to a layer below and takes no room of the run. */
  readonly isShared: boolean
}

/** A directory in memory. */
export interface DirectoryNode extends NodeFacts {
  readonly type: typeof FILE_TYPE.directory
  /** Undefined for the root. */
  parent: DirectoryNode | undefined
  readonly entries: Map<string, Node>
  /** The names of `entries` in the order of their bytes. */
  readonly names: string[]
  /** Directories among `entries`. */
  subdirectories: number
  /** Whether it was removed while it was open; nothing can be made in it any more. */
  isRemoved: boolean
  /** What the layer below has here, until somebody looks. */
  layer: LayerDirectory | undefined
}

/** Anything with a name in a tree. */
export type Node = FileNode | LinkNode | DirectoryNode

/** What is known of a node. */
export function statOf(node: Node, device: bigint): FileStat {
  const { inode, type, accessedNs, modifiedNs, changedNs } = node
  const isDirectory = node.type === FILE_TYPE.directory
  // a directory is named by its parent, by its "." and by the ".." of those below it
  const links = BigInt(isDirectory ? node.subdirectories + 2 : node.links)
  return { device, inode, type, links, size: BigInt(sizeOf(node)), accessedNs, modifiedNs, changedNs }
}

function sizeOf(node: Node): number {
  if (node.type === FILE_TYPE.regularFile) return node.size
  return node.type === FILE_TYPE.symbolicLink ? new TextEncoder().encode(node.target).length : 0
}
