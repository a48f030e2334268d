import assert from 'node:assert/strict'
import { ERRNO } from '../../src/wasi/errno.ts'
import type { Bench } from './bench.ts'

/** The preopened directory. */
export const ROOT = 3
const FOLLOW = 1
/** Bits of `oflags`. */
export const OPEN = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const
/** Bits of `fdflags`. */
export const FLAG = { append: 1, sync: 16 } as const
/** Every right there is. */
export const ALL = 0x3fff_ffffn
/** Where results go. */
export const RESULT = 64
/** Where vectors are. */
export const VECTOR = 80
/** Where data is. */
export const DATA = 1024

/** Opens a path below the root; answers the descriptor, or fails the test. */
export function open(bench: Bench, path: string, how = 0, rights: bigint = ALL, flags = 0): number {
  const errno = bench.call('path_open', ROOT, FOLLOW, ...bench.path(path), how, rights, ALL, flags, RESULT)
  assert.equal(errno, ERRNO.success, `path_open("${path}")`)
  return bench.u32(RESULT)
}

/** Writes text at the descriptor's position. */
export function write(bench: Bench, descriptor: number, text: string): unknown {
  const bytes = new TextEncoder().encode(text)
  new Uint8Array(bench.memory.buffer).set(bytes, DATA)
  bench.store(VECTOR, DATA, bytes.length)
  return bench.call('fd_write', descriptor, VECTOR, 1, RESULT)
}

/** Reads text at the descriptor's position. */
export function read(bench: Bench, descriptor: number, size = 1000): string {
  bench.store(VECTOR, DATA, size)
  assert.equal(bench.call('fd_read', descriptor, VECTOR, 1, RESULT), ERRNO.success)
  return bench.text(DATA, bench.u32(RESULT))
}

/** Moves the descriptor's position. */
export function seek(bench: Bench, descriptor: number, offset: bigint, whence: number): bigint {
  assert.equal(bench.call('fd_seek', descriptor, offset, whence, RESULT), ERRNO.success)
  return bench.u64(RESULT)
}
