import { COPIED_BYTES_PER_FUEL } from '../../limits.ts'
import type { FileBudget } from './file-budget.ts'
import type { FileNode } from './node.ts'

const CAPACITY_MIN = 256
const EMPTY: Uint8Array = new Uint8Array()

/**
 * Makes a file `size` bytes long; what is new of it is zero.
 *
 * @returns fuel that this costs: as much as setting or copying those bytes in the guest
 * @throws {FileError} `nospc`
 */
export function resize(node: FileNode, size: number, budget: FileBudget): number {
  const held = node.isShared ? 0 : node.size
  const grown = Math.max(0, size - node.size)
  const copied = node.isShared ? Math.min(size, node.size) : 0
  budget.takeBytes(size - held)
  const wastes = size < node.size && size < node.bytes.length / 2
  if (node.isShared || size > node.bytes.length || wastes) move(node, size)
  else if (grown > 0) node.bytes.fill(0, node.size, size)
  node.size = size
  return Math.floor((grown + copied) / COPIED_BYTES_PER_FUEL)
}

/**
 * Writes bytes into a file that is large enough to hold them; it becomes the run's own if it was a layer's.
 *
 * @returns fuel that the copy of a layer's file costs
 * @throws {FileError} `nospc`
 */
export function overwrite(node: FileNode, offset: number, bytes: Uint8Array, budget: FileBudget): number {
  const fuel = node.isShared ? resize(node, node.size, budget) : 0
  node.bytes.set(bytes, offset)
  return fuel
}

/** Gives the contents an array of their own, with room to grow so that appending costs what it appends. */
function move(node: FileNode, size: number): void {
  const room = size > node.size ? Math.max(size, Math.min(node.size * 2, size + (size >> 1)), CAPACITY_MIN) : size
  const bytes = size === 0 ? EMPTY : new Uint8Array(room)
  bytes.set(node.bytes.subarray(0, Math.min(size, node.size)))
  node.bytes = bytes
  node.isShared = false
}
