import type { Guest } from '../guest/guest.ts'
import { COPIED_BYTES_PER_FUEL, IO_VECTORS_MAX } from '../limits.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'

const STDIN = 0
const STDOUT = 1
const VECTOR_SIZE = 8

/** `fd_read` and `fd_write` on the standard streams, with the positioned variants, which streams do not have. */
export function streamFunctions(guest: Guest): HostFunctions {
  return {
    fd_read: (descriptor: number, vectors: number, count: number, result: number) =>
      read(guest, descriptor >>> 0, { address: vectors >>> 0, count: count >>> 0 }, result >>> 0),
    fd_write: (descriptor: number, vectors: number, count: number, result: number) =>
      write(guest, descriptor >>> 0, { address: vectors >>> 0, count: count >>> 0 }, result >>> 0),
    fd_pread: (descriptor: number) => (guest.isOpen(descriptor >>> 0) ? ERRNO.spipe : ERRNO.badf),
    fd_pwrite: (descriptor: number) => (guest.isOpen(descriptor >>> 0) ? ERRNO.spipe : ERRNO.badf),
  }
}

interface Vectors {
  readonly address: number
  readonly count: number
}

function read(guest: Guest, descriptor: number, vectors: Vectors, result: number): Errno {
  if (!guest.isOpen(descriptor)) return ERRNO.badf
  if (descriptor !== STDIN) return ERRNO.notcapable
  const problem = checkVectors(guest, vectors, result)
  if (problem !== ERRNO.success) return problem
  const { bytes, view } = guest.memory
  let total = 0
  for (let index = 0; index < vectors.count; index++) {
    const vector = vectors.address + index * VECTOR_SIZE
    const left = guest.stdin.length - guest.stdinOffset
    const size = Math.min(view.getUint32(vector + 4, true), left)
    if (size === 0) continue
    bytes.set(guest.stdin.subarray(guest.stdinOffset, guest.stdinOffset + size), view.getUint32(vector, true))
    guest.stdinOffset += size
    total += size
  }
  guest.charge(Math.floor(total / COPIED_BYTES_PER_FUEL))
  view.setUint32(result, total, true)
  return ERRNO.success
}

function write(guest: Guest, descriptor: number, vectors: Vectors, result: number): Errno {
  if (!guest.isOpen(descriptor)) return ERRNO.badf
  if (descriptor === STDIN) return ERRNO.notcapable
  const problem = checkVectors(guest, vectors, result)
  if (problem !== ERRNO.success) return problem
  const { bytes, view } = guest.memory
  const stream = descriptor === STDOUT ? 'stdout' : 'stderr'
  let total = 0
  for (let index = 0; index < vectors.count; index++) {
    const vector = vectors.address + index * VECTOR_SIZE
    const address = view.getUint32(vector, true)
    const size = view.getUint32(vector + 4, true)
    guest.write(stream, bytes.subarray(address, address + size))
    total += size
  }
  // vectors may overlap, so the sum can pass 2^32 only if the output limit did before
  guest.charge(Math.floor(total / COPIED_BYTES_PER_FUEL))
  view.setUint32(result, total, true)
  return ERRNO.success
}

/** Every vector is checked before any is used, so a faulty call has no effect. */
function checkVectors({ memory }: Guest, vectors: Vectors, result: number): Errno {
  if (vectors.count > IO_VECTORS_MAX) return ERRNO.inval
  if (!memory.has(vectors.address, vectors.count * VECTOR_SIZE) || !memory.has(result, 4)) return ERRNO.fault
  const view = memory.view
  for (let index = 0; index < vectors.count; index++) {
    const vector = vectors.address + index * VECTOR_SIZE
    if (!memory.has(view.getUint32(vector, true), view.getUint32(vector + 4, true))) return ERRNO.fault
  }
  return ERRNO.success
}
