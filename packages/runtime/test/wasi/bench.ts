import { DEFAULT_MOUNTS, type Mount } from '../../src/fs/mount.ts'
import { Guest } from '../../src/guest/guest.ts'
import { encodeTextTable } from '../../src/guest/text-table.ts'
import { preview1Functions } from '../../src/wasi/preview1.ts'

/** Bytes of the guest's memory. */
export const PAGE = 65_536
/** Fuel that the guest begins with. */
export const FUEL = 1_000_000n
/** The guest's clock at its beginning. */
export const START_NS = 1_000_000_000n
/** Where {@link Bench.path} puts a path, one after the other. */
const PATHS_AT = 60_000
const PATH_ROOM = 600

/** A guest that a test plays by hand. */
export interface Bench {
  readonly guest: Guest
  readonly memory: WebAssembly.Memory
  readonly fuel: WebAssembly.Global<'i64'>
  readonly call: (name: string, ...values: (number | bigint)[]) => unknown
  readonly u32: (address: number) => number
  readonly u64: (address: number) => bigint
  readonly store: (address: number, ...words: number[]) => void
  /** Bytes of the memory as text. */
  readonly text: (address: number, size: number) => string
  /** Puts text somewhere; answers its address and size, as functions take them. */
  readonly path: (text: string) => [address: number, size: number]
}

/** What a test changes. */
export interface BenchOptions {
  readonly snapshot?: 'snapshot' | 'unstable'
  readonly mounts?: readonly Mount[]
}

/** A guest over one page of memory that a test writes by hand; without directories unless it is given some. */
export function createBench({ snapshot = 'snapshot', mounts = [] }: BenchOptions = {}): Bench {
  const guest = new Guest({ call: async () => await Promise.reject(new Error('no host')) })
  const memory = new WebAssembly.Memory({ initial: 1 })
  const fuel = new WebAssembly.Global({ value: 'i64', mutable: true }, FUEL)
  guest.reset({
    args: encodeTextTable(['test', 'ä']),
    env: encodeTextTable(['A=1']),
    stdin: new TextEncoder().encode('hello'),
    timestampMs: 1000,
    seed: new Uint8Array(32),
    outputBytes: 16,
    fuel: Number(FUEL),
    mounts,
  })
  guest.attach(memory, fuel)
  const functions = preview1Functions(guest, snapshot) as Record<string, (...values: (number | bigint)[]) => unknown>
  const view = (): DataView => new DataView(memory.buffer)
  let paths = 0
  return {
    guest,
    memory,
    fuel,
    call: (name, ...values) => functions[name]?.(...values),
    u32: (address) => view().getUint32(address, true),
    u64: (address) => view().getBigUint64(address, true),
    store: (address, ...words) => {
      for (const [index, word] of words.entries()) view().setUint32(address + index * 4, word, true)
    },
    text: (address, size) => new TextDecoder().decode(new Uint8Array(memory.buffer, address, size)),
    path: (text) => {
      const bytes = new TextEncoder().encode(text)
      // a call takes at most two
      const address = PATHS_AT + (paths++ % 2) * PATH_ROOM
      new Uint8Array(memory.buffer).set(bytes, address)
      return [address, bytes.length]
    },
  }
}

/** A guest with a writable tree as descriptor 3. */
export function createFileBench(options: BenchOptions = {}): Bench {
  return createBench({ mounts: DEFAULT_MOUNTS, ...options })
}
