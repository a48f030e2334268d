import type { Exit } from '@blockless/core'
import { type Mount, openMounts } from '../fs/mount.ts'
import { CALLS_LIMIT, type Fields, type HostAnswer } from '../host-call/host-call.ts'
import type { HostLink } from '../host-call/host-link.ts'
import { COPIED_BYTES_PER_FUEL, HOST_CALL_FUEL } from '../limits.ts'
import { FuelProfile } from '../profile/fuel-profile.ts'
import { DescriptorTable } from '../wasi/descriptors/descriptor-table.ts'
import { preopenedDescriptors, standardDescriptors, standardStreams } from '../wasi/descriptors/standard-streams.ts'
import { GuestMemory } from './guest-memory.ts'
import type { ModuleCalls } from './module-calls.ts'
import { Output, type OutputStream } from './output.ts'
import { RandomStream } from './random-stream.ts'
import type { TextTable } from './text-table.ts'

/** Where the fuel is that is left: the global of a rewritten module. */
export interface FuelCell {
  value: bigint
}

/** What a run gives its guest; times in milliseconds, sizes in bytes. */
export interface GuestInit {
  readonly args: TextTable
  readonly env: TextTable
  readonly stdin: Uint8Array
  readonly timestampMs: number
  readonly seed: Uint8Array
  readonly outputBytes: number
  readonly fuel: number
  /** Whether clocks are the machine's, which the host is asked for. */
  readonly hasRealClock?: boolean
  /** Whether to collect where its fuel goes; its modules must be rewritten for that. */
  readonly isProfiled?: boolean
  /** Directories that are open from the beginning; none if left out. */
  readonly mounts?: readonly Mount[]
}

/** Thrown through the guest's frames when a host call ends the run; why is in {@link Guest.end}. */
class GuestEnd extends Error {
  constructor() {
    super('The guest ended inside a host call')
    this.name = 'GuestEnd'
  }
}

/** One instance for all runs: capturing a stack costs more than a host call, and nobody reads it. */
const GUEST_END = new GuestEnd()
const NO_TEXTS: TextTable = { count: 0, bytes: new Uint8Array() }
const NO_BYTES: Uint8Array = new Uint8Array()
const NANOSECONDS_PER_MS = 1_000_000n
const TIME_MAX = 0xffff_ffff_ffff_ffffn

/**
 * The state behind a thread's import object, swapped from run to run, so that imports are bound once per thread.
 *
 * All of it follows from the run's request: the clock counts fuel, randomness comes from the seed.
 */
export class Guest {
  readonly memory: GuestMemory = new GuestMemory()
  readonly output: Output = new Output()
  readonly random: RandomStream = new RandomStream()
  /** What the guest has open; import modules add their sockets and handles here. */
  readonly descriptors: DescriptorTable = new DescriptorTable()
  args: TextTable = NO_TEXTS
  env: TextTable = NO_TEXTS
  stdin: Uint8Array = new Uint8Array()
  stdinOffset = 0
  /** Whether clocks tell the machine's time, which has to be asked for. */
  hasRealClock = false
  /** The program's linked modules, if it has any. */
  modules: ModuleCalls | undefined
  /** Where fuel goes, if that is wanted. */
  profile: FuelProfile | undefined
  /** How a host call ended the run, if one did; the first one counts. */
  end: Exit | undefined
  readonly #states = new Map<() => unknown, unknown>()
  #startNs = 0n
  #sleptNs = 0n
  #fuelLimit = 0n
  #fuelCell: FuelCell | undefined
  readonly #link: HostLink
  readonly #standardStreams = standardStreams(this)

  /** @param link - where host calls go that leave the thread */
  constructor(link: HostLink) {
    this.#link = link
  }

  /** Takes over the inputs of a run. */
  reset(init: GuestInit): void {
    this.args = init.args
    this.env = init.env
    this.stdin = init.stdin
    this.stdinOffset = 0
    this.hasRealClock = init.hasRealClock ?? false
    this.end = undefined
    this.modules = undefined
    this.profile = init.isProfiled === true ? new FuelProfile(init.fuel) : undefined
    this.#states.clear()
    this.output.reset(init.outputBytes)
    this.random.reset(init.seed)
    this.#startNs = BigInt(init.timestampMs) * NANOSECONDS_PER_MS
    this.#sleptNs = 0n
    this.#fuelLimit = BigInt(init.fuel)
    this.#fuelCell = undefined
    this.memory.attach(undefined)
    const mounts = openMounts(init.mounts ?? [], this)
    this.descriptors.reset([...standardDescriptors(this.#standardStreams), ...preopenedDescriptors(mounts)])
  }

  /** Lets go of what a run has left, its memory and its files, until the next one begins. */
  release(): void {
    this.memory.attach(undefined)
    this.#fuelCell = undefined
    this.descriptors.reset([])
    this.#states.clear()
    this.modules = undefined
    this.profile = undefined
    // views of one buffer, which holds the mounted files as well
    this.args = NO_TEXTS
    this.env = NO_TEXTS
    this.stdin = NO_BYTES
  }

  /**
   * What an import module keeps for this run, such as its handles; made by `create` when first asked for.
   *
   * @param create - the same function at each call, as it is also the key
   */
  ofRun<T>(create: () => T): T {
    if (!this.#states.has(create)) this.#states.set(create, create())
    return this.#states.get(create) as T
  }

  /** Binds the instance that computes. */
  attach(memory: WebAssembly.Memory | undefined, fuel: FuelCell): void {
    this.memory.attach(memory)
    this.#fuelCell = fuel
  }

  /** Bytes of its memory, or of those of all its program's modules. */
  get memoryBytes(): number {
    return this.modules?.memoryBytes ?? this.memory.size
  }

  /** Fuel used so far, at most the limit. */
  get fuelUsed(): bigint {
    const left = this.#fuelCell?.value ?? this.#fuelLimit
    return left < 0n ? this.#fuelLimit : this.#fuelLimit - left
  }

  /** Fuel that is left; less than nothing if it needed more, until its next check. */
  get fuelLeft(): bigint {
    return this.#fuelCell?.value ?? this.#fuelLimit
  }

  /** Whether the guest needed more fuel than it had. */
  get isOutOfFuel(): boolean {
    return (this.#fuelCell?.value ?? 0n) < 0n
  }

  /** Charges a host call for work that grows with its arguments; the guest stops at its next check if it is too much. */
  charge(fuel: number): void {
    if (this.#fuelCell !== undefined) this.#fuelCell.value -= BigInt(fuel)
  }

  /** Nanoseconds since the Unix epoch on the guest's clock: one per unit of fuel, and what it slept. */
  get nowNs(): bigint {
    return this.#startNs + this.fuelUsed + this.#sleptNs
  }

  /** Moves the clock on without waiting; it stops at its last value instead of wrapping. */
  sleep(durationNs: bigint): void {
    const left = TIME_MAX - this.nowNs
    this.#sleptNs += durationNs < left ? durationNs : left
  }

  /** Writes to a standard stream; ends the run if the output limit is passed, keeping what fits. */
  write(stream: OutputStream, bytes: Uint8Array): void {
    if (!this.output.write(stream, bytes)) this.finish({ kind: 'output-limit', code: 0 })
  }

  /**
   * Asks the world outside. The guest's memory may be read only before this and written only after it, as it can have
   * another buffer then.
   *
   * @param name - such as `http.open`
   */
  async ask(name: string, fields: Fields = {}, bytes: Uint8Array = NO_BYTES): Promise<HostAnswer> {
    // a guest that caught what ended it is not heard any more
    if (this.end !== undefined) this.finish(this.end)
    this.charge(HOST_CALL_FUEL + Math.floor(bytes.length / COPIED_BYTES_PER_FUEL))
    const answer = await this.#link.call({ name, fields, bytes })
    this.charge(Math.floor(answer.bytes.length / COPIED_BYTES_PER_FUEL))
    if (answer.status === 'limit' && answer.fields.name === CALLS_LIMIT) this.finish({ kind: 'call-limit', code: 0 })
    return answer
  }

  /** Ends the run. A guest that catches the exception has ended all the same. */
  finish(exit: Exit): never {
    this.end ??= exit
    throw GUEST_END
  }
}
