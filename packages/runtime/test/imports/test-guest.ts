import { silentLogger, systemClock } from '@blockless/core'
import { Guest } from '../../src/guest/guest.ts'
import { decodeAnswer, encodeCall, type HostCall } from '../../src/host-call/host-call.ts'
import type { HostFamily } from '../../src/host-call/host-family.ts'
import { RunHost, type RunHostInit } from '../../src/host-call/run-host.ts'
import type { Gate } from '../../src/policy/gate.ts'
import type { HostFunction, HostFunctions } from '../../src/wasi/host-function.ts'

const MEMORY_PAGES = 16

/** What a test gives its guest. */
export interface TestGuestInit {
  readonly families: readonly HostFamily[]
  readonly gate: Gate
  readonly limits?: RunHostInit['limits']
}

/** A guest without a program: the test calls imported functions as one would, over the real host side. */
export class TestGuest implements AsyncDisposable {
  readonly guest: Guest
  /** Every call that left the sandbox. */
  readonly calls: HostCall[] = []
  readonly #memory = new WebAssembly.Memory({ initial: MEMORY_PAGES })
  readonly #host: RunHost
  #next = 1024

  constructor({ families, gate, limits = {} }: TestGuestInit) {
    const components = { families, clock: systemClock, log: silentLogger }
    this.#host = new RunHost(components, { functionCid: 'bafy', gate, limits })
    this.guest = new Guest({
      call: async (call) => {
        this.calls.push(call)
        return decodeAnswer(await this.#host.answer(this.calls.length - 1, encodeCall(call)))
      },
    })
    this.guest.reset({
      args: { count: 0, bytes: new Uint8Array() },
      env: { count: 0, bytes: new Uint8Array() },
      stdin: new Uint8Array(),
      timestampMs: 0,
      seed: new Uint8Array(32),
      outputBytes: 1024,
      fuel: Number.MAX_SAFE_INTEGER,
      mounts: [],
    })
    const fuel = new WebAssembly.Global({ value: 'i64', mutable: true }, BigInt(Number.MAX_SAFE_INTEGER))
    this.guest.attach(this.#memory, fuel)
  }

  /** Puts bytes where no others are. @returns their pointer and length, as arguments */
  put(bytes: Uint8Array | string): [address: number, size: number] {
    const content = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
    const address = this.room(content.length)
    new Uint8Array(this.#memory.buffer).set(content, address)
    return [address, content.length]
  }

  /** Space for `size` bytes. @returns its address */
  room(size: number): number {
    const address = this.#next
    this.#next = (address + size + 7) & ~7
    if (this.#next > this.#memory.buffer.byteLength) this.#memory.grow(Math.ceil(size / 65_536) + 1)
    return address
  }

  /** Bytes of the memory, copied. */
  bytes(address: number, size: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer).slice(address, address + size)
  }

  /** A text of the memory. */
  text(address: number, size: number): string {
    return new TextDecoder().decode(this.bytes(address, size))
  }

  /** An u32 of the memory. */
  u32(address: number): number {
    return new DataView(this.#memory.buffer).getUint32(address, true)
  }

  /** Calls an imported function. */
  async call(functions: HostFunctions, name: string, ...values: number[]): Promise<number> {
    const called = functions[name] as ((...values: number[]) => ReturnType<HostFunction>) | undefined
    return Number(await called?.(...values))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.close()
  }
}
