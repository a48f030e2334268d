import { ERRNO } from '../../wasi/errno.ts'
import { FileError } from '../file-error.ts'
import type { FileStat, FileTimes, OpenFile } from '../file-system.ts'
import type { MemoryTree } from './memory-tree.ts'
import { type FileNode, statOf } from './node.ts'

const NO_BYTES: Uint8Array = new Uint8Array()

/** An open file of a {@link MemoryTree}; it lives on without a name until it is closed. Every method answers at once. */
export class MemoryFile implements OpenFile {
  readonly kind = 'file'
  readonly #tree: MemoryTree
  readonly #node: FileNode
  #isOpen = true

  constructor(tree: MemoryTree, node: FileNode) {
    this.#tree = tree
    this.#node = node
    node.opens++
  }

  stat(): FileStat {
    return statOf(this.#node, this.#tree.device)
  }

  /** A view of the file, valid until it is written. */
  read(offset: bigint, size: number): Uint8Array {
    const node = this.#node
    if (offset >= BigInt(node.size)) return NO_BYTES
    const start = Number(offset)
    return node.bytes.subarray(start, Math.min(node.size, start + size))
  }

  write(offset: bigint, bytes: Uint8Array): number {
    if (bytes.length > 0) this.#tree.write(this.#node, exactSize(offset), bytes)
    return bytes.length
  }

  setSize(size: bigint): void {
    this.#tree.setSize(this.#node, exactSize(size))
  }

  setTimes(times: FileTimes): void {
    this.#tree.setTimes(this.#node, times)
  }

  /** Memory is as durable as it gets. */
  sync(): void {}

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#node.opens--
    this.#tree.release(this.#node)
  }
}

/** No file in memory comes near to what a number cannot hold. */
function exactSize(size: bigint): number {
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new FileError(ERRNO.fbig)
  return Number(size)
}
