import { PROFILE_EXPORT, PROFILE_HOOK } from '../module/metering.ts'
import {
  encodeProfile,
  HOST_PART,
  NO_FUNCTION,
  OTHER_NODE,
  PART_SHIFT,
  PROFILE_HOSTS_MAX,
  PROFILE_NAME_LENGTH_MAX,
  PROFILE_NODES_MAX,
  PROFILE_OTHERS_MAX,
  ROOT_NODE,
} from './profile-bytes.ts'

/** Slots of the table of nodes, a power of two: at most half of them are taken. */
const SLOTS = 131_072
const STACK_SIZE = 1024

/**
 * A module that imports `h.e: (i32, f64) -> (i32)` and `h.u: (i32, f64) -> ()` and exports both as they are, since only
 * functions of a module can be put into a table.
 */
const HOOKS_BYTES = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x0c, 0x02, 0x60, 0x02, 0x7f, 0x7c, 0x01, 0x7f, 0x60, 0x02, 0x7f, 0x7c, 0x00],
  ...[0x02, 0x0d, 0x02, 0x01, 0x68, 0x01, 0x65, 0x00, 0x00, 0x01, 0x68, 0x01, 0x75, 0x00, 0x01],
  ...[0x07, 0x09, 0x02, 0x01, 0x65, 0x00, 0x00, 0x01, 0x75, 0x00, 0x01],
)

/**
 * Collects where a run's fuel goes: a tree of calls in flat arrays, and the stack of those that are open.
 *
 * Fuel between two hooks belongs to the node that is on top. Nodes are found by a hash of caller and function, so that a
 * hook takes the same time however many functions a guest calls from one place. A full tree gets no more nodes; calls
 * then count below the one node for others, once for each function.
 */
export class FuelProfile {
  readonly #parents = new Int32Array(PROFILE_NODES_MAX + PROFILE_OTHERS_MAX)
  readonly #keys = new Int32Array(PROFILE_NODES_MAX + PROFILE_OTHERS_MAX)
  readonly #selfFuel = new Float64Array(PROFILE_NODES_MAX + PROFILE_OTHERS_MAX)
  /** the child that was called last: calls come in loops */
  readonly #lastChild = new Int32Array(PROFILE_NODES_MAX + PROFILE_OTHERS_MAX)
  /** nodes by hash; 0, the root, for an empty slot */
  readonly #slots = new Int32Array(SLOTS)
  readonly #hostKeys = new Map<string, number>()
  #count = OTHER_NODE + 1
  #stack = new Int32Array(STACK_SIZE)
  #depth = 0
  #current = ROOT_NODE
  #left: number

  /** @param limit - fuel at the start of the run */
  constructor(limit: number) {
    this.#left = limit
    this.#keys[ROOT_NODE] = NO_FUNCTION
    this.#keys[OTHER_NODE] = NO_FUNCTION
  }

  /**
   * Sets the hooks of an instance, before anything in it runs.
   *
   * @param part - number of the module, see `PART_SHIFT`
   */
  attach(exports: WebAssembly.Exports, part: number): void {
    const table = exports[PROFILE_EXPORT]
    if (!(table instanceof WebAssembly.Table)) throw new Error('A run is profiled whose module has no hooks')
    const base = part << PART_SHIFT
    const enter = (index: number, left: number): number => this.enter(base | index, left)
    const unwind = (frames: number, left: number): void => this.unwind(frames, left)
    const hooks = new WebAssembly.Instance(new WebAssembly.Module(HOOKS_BYTES), { h: { e: enter, u: unwind } }).exports
    table.set(PROFILE_HOOK.ENTER, hooks.e)
    table.set(PROFILE_HOOK.UNWIND, hooks.u)
  }

  /** A function of the host as a key; those that are too many are one. */
  hostKey(name: string): number {
    const short = name.slice(0, PROFILE_NAME_LENGTH_MAX)
    const known = this.#hostKeys.get(short)
    if (known !== undefined) return known
    const key = (HOST_PART << PART_SHIFT) | Math.min(this.#hostKeys.size, PROFILE_HOSTS_MAX - 1)
    if (this.#hostKeys.size < PROFILE_HOSTS_MAX) this.#hostKeys.set(short, key)
    return key
  }

  /** A function begins with `left` fuel. @returns the frames open before it */
  enter(key: number, left: number): number {
    this.#advance(left)
    if (this.#depth === this.#stack.length) this.#growStack()
    const current = this.#current
    this.#stack[this.#depth] = current
    const last = this.#lastChild[current] as number
    this.#current = last !== 0 && this.#keys[last] === key ? last : this.#findChild(current, key)
    return this.#depth++
  }

  /** All frames but the first `frames` end, with `left` fuel. */
  unwind(frames: number, left: number): void {
    this.#advance(left)
    if (frames >= this.#depth) return
    this.#current = this.#stack[frames] as number
    this.#depth = frames
  }

  /** The run ends with `left` fuel, frames that are open included. @returns the profile's bytes */
  finish(left: number): Uint8Array {
    this.unwind(0, left)
    return encodeProfile({
      count: this.#count,
      parents: this.#parents,
      keys: this.#keys,
      selfFuel: this.#selfFuel,
      hosts: [...this.#hostKeys.keys()],
    })
  }

  /** Fuel can pass zero before the guest's next check; a run uses no more than there was. */
  #advance(left: number): void {
    const now = left < 0 ? 0 : left
    const current = this.#current
    this.#selfFuel[current] = (this.#selfFuel[current] as number) + this.#left - now
    this.#left = now
  }

  #findChild(caller: number, key: number): number {
    const isOther = caller === OTHER_NODE || this.#parents[caller] === OTHER_NODE
    const found = this.#find(isOther ? OTHER_NODE : caller, key, isOther || this.#count >= PROFILE_NODES_MAX)
    this.#lastChild[caller] = found
    return found
  }

  #find(parent: number, key: number, isFull: boolean): number {
    let slot = hashOf(parent, key)
    for (let node = this.#slots[slot] as number; node !== 0; node = this.#slots[slot] as number) {
      if (this.#parents[node] === parent && this.#keys[node] === key) return node
      slot = (slot + 1) & (SLOTS - 1)
    }
    if (isFull && parent !== OTHER_NODE) return this.#find(OTHER_NODE, key, true)
    if (this.#count === this.#parents.length) return OTHER_NODE
    const node = this.#count++
    this.#parents[node] = parent
    this.#keys[node] = key
    this.#slots[slot] = node
    return node
  }

  #growStack(): void {
    const larger = new Int32Array(this.#stack.length * 2)
    larger.set(this.#stack)
    this.#stack = larger
  }
}

function hashOf(parent: number, key: number): number {
  const mixed = Math.imul(parent, 0x9e37_79b1) ^ Math.imul(key, 0x85eb_ca6b)
  return (mixed ^ (mixed >>> 15)) & (SLOTS - 1)
}
