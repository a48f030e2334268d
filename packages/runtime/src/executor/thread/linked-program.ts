import { type Awaitable, andThen, runSteps, type Steps } from '../../awaitable.ts'
import type { FuelCell, Guest } from '../../guest/guest.ts'
import { promising, Suspending } from '../../guest/jspi.ts'
import type { ModuleCalls } from '../../guest/module-calls.ts'
import { FUEL_EXPORT, START_EXPORT } from '../../module/metering.ts'
import type { CompiledProgram } from '../../module/program.ts'

/** Calls from module to module that may be open at once; each has a call depth of its own, so this bounds the stack. */
const CROSSINGS_MAX = 32

type GuestFunction = (...values: unknown[]) => unknown

/** An instance of a program's module. */
interface Part {
  readonly name: string
  readonly exports: WebAssembly.Exports
  readonly memory: WebAssembly.Memory | undefined
  readonly fuel: FuelCell
  /** What it offers to `mcall`. */
  readonly methods: Set<string>
}

/**
 * The instances of a program of several modules, in one run.
 *
 * Each module counts fuel in a global of its own. Only one of them computes at a time, so what is left moves along with
 * every call that crosses from one to another, and the guest's state looks at the memory of the one that computes.
 */
export class LinkedProgram implements ModuleCalls {
  readonly #guest: Guest
  readonly #waits: boolean
  readonly #parts: Part[] = []
  #current: Part
  #crossings = 0

  /** @param fuel - of the run */
  constructor(guest: Guest, init: { readonly waits: boolean; readonly fuel: number }) {
    this.#guest = guest
    this.#waits = init.waits
    const fuel = { value: BigInt(init.fuel) }
    this.#current = { name: '', exports: {}, memory: undefined, fuel, methods: new Set() }
  }

  /** Exports of all instances so far, the entry's last. */
  get exports(): readonly WebAssembly.Exports[] {
    return this.#parts.map((part) => part.exports)
  }

  /** @see ModuleCalls */
  get memoryBytes(): number {
    return this.#parts.reduce((sum, { memory }) => sum + (memory?.buffer.byteLength ?? 0), 0)
  }

  /**
   * Instantiates and initializes the modules, then instantiates the entry, which computes from here on.
   *
   * @returns the entry's exports
   * @throws what a guest throws
   */
  async instantiate(program: CompiledProgram, imports: WebAssembly.Imports): Promise<WebAssembly.Exports> {
    this.#guest.modules = this
    this.#guest.attach(undefined, this.#current.fuel)
    const offered: Record<string, WebAssembly.ModuleImports> = {}
    for (const { name, module } of program.modules) {
      const part = this.#add(name, module, { ...imports, ...offered })
      offered[name] = this.#offer(part)
      for (const start of [START_EXPORT, '_initialize']) {
        const call = part.exports[start]
        if (typeof call === 'function') await this.#cross(part, call as GuestFunction, [])
      }
    }
    const entry = this.#add('', program.entry, { ...imports, ...offered })
    entry.fuel.value = this.#current.fuel.value
    this.#enter(entry)
    return entry.exports
  }

  /** @see ModuleCalls */
  register(method: string): 'ok' | 'not a module' | 'not a method' {
    const part = this.#current
    if (part.name === '') return 'not a module'
    const isComplete = [method, 'alloc', 'dealloc'].every((name) => typeof part.exports[name] === 'function')
    if (!isComplete || part.memory === undefined) return 'not a method'
    part.methods.add(method)
    return 'ok'
  }

  /** @see ModuleCalls */
  call(method: string, params: Uint8Array, resultSize: number): Awaitable<Uint8Array> | undefined {
    const at = method.indexOf('::')
    const part = this.#parts.find(({ name }) => name === method.slice(0, at))
    const name = method.slice(at + 2)
    return part?.methods.has(name) === true ? runSteps(this.#callSteps(part, name, params, resultSize)) : undefined
  }

  *#callSteps(part: Part, name: string, params: Uint8Array, resultSize: number): Steps<Uint8Array> {
    try {
      return yield* this.#exchangeSteps(part, name, params, resultSize)
    } catch (error) {
      // the engine's refusal of numbers for a function that takes or gives anything else
      if (error instanceof TypeError) this.#guest.finish({ kind: 'indirect-call-type', code: 0 })
      throw error
    }
  }

  *#exchangeSteps(part: Part, name: string, params: Uint8Array, resultSize: number): Steps<Uint8Array> {
    const invoke = (method: string, ...values: number[]): Awaitable<unknown> =>
      this.#cross(part, part.exports[method] as GuestFunction, values)
    const given = Number(yield invoke('alloc', params.length)) >>> 0
    const result = Number(yield invoke('alloc', resultSize)) >>> 0
    this.#bytesOf(part, given, params.length).set(params)
    yield invoke(name, given, params.length, result, resultSize)
    const answer = this.#bytesOf(part, result, resultSize).slice()
    yield invoke('dealloc', given, params.length)
    yield invoke('dealloc', result, resultSize)
    return answer
  }

  /** A module that allocates outside its own memory is at fault as one that reads there. */
  #bytesOf({ memory }: Part, address: number, size: number): Uint8Array {
    const buffer = memory?.buffer ?? new ArrayBuffer(0)
    if (address + size > buffer.byteLength) this.#guest.finish({ kind: 'memory-out-of-bounds', code: 0 })
    return new Uint8Array(buffer, address, size)
  }

  #add(name: string, module: WebAssembly.Module, imports: WebAssembly.Imports): Part {
    const { exports } = new WebAssembly.Instance(module, imports)
    this.#guest.profile?.attach(exports, this.#parts.length)
    const memory = exports.memory instanceof WebAssembly.Memory ? exports.memory : undefined
    const fuel = exports[FUEL_EXPORT] as unknown as FuelCell
    const part = { name, exports, memory, fuel, methods: new Set<string>() }
    this.#parts.push(part)
    return part
  }

  /** A module's functions as the others import them. */
  #offer(part: Part): WebAssembly.ModuleImports {
    const functions = Object.entries(part.exports).filter(([, value]) => typeof value === 'function')
    const entries = functions.map(([name, value]) => {
      const call = (...values: unknown[]): unknown =>
        andThen(this.#cross(part, value as GuestFunction, values.map(withOneNan)), withOneNan)
      return [name, this.#waits ? new Suspending(call as never) : call]
    })
    return Object.fromEntries(entries)
  }

  /** Calls into a module: fuel and the guest's state go there, and come back however it ends. */
  #cross(to: Part, call: GuestFunction, values: readonly unknown[]): Awaitable<unknown> {
    const from = this.#current
    if (this.#crossings >= CROSSINGS_MAX) this.#guest.finish({ kind: 'stack-overflow', code: 0 })
    this.#crossings++
    to.fuel.value = from.fuel.value
    this.#enter(to)
    const back = (): void => {
      this.#crossings--
      from.fuel.value = to.fuel.value
      this.#enter(from)
    }
    if (this.#waits) return (promising(call) as (...args: unknown[]) => Promise<unknown>)(...values).finally(back)
    try {
      return call(...values)
    } finally {
      back()
    }
  }

  #enter(part: Part): void {
    this.#current = part
    this.#guest.attach(part.memory, part.fuel)
  }
}

/**
 * A value that crosses, with every NaN the same one: V8's wrappers around calls keep or quieten a signalling NaN, depending
 * on how often they were called. A function with several results gives them as an array.
 */
function withOneNan(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOneNan)
  return Number.isNaN(value) ? Number.NaN : value
}
