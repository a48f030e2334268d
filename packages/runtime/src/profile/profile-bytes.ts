/** Nodes of one profile; what comes after it is told function by function, below {@link OTHER_NODE}. */
export const PROFILE_NODES_MAX = 32_768
/** Functions that are told apart below that node. */
export const PROFILE_OTHERS_MAX = 32_768
/** Host functions that are told apart: more than there are. */
export const PROFILE_HOSTS_MAX = 1024
/** Characters of such a function's name that are kept; an import that nobody provides can have more. */
export const PROFILE_NAME_LENGTH_MAX = 256
/** Bytes of a character in JSON at the most: an escape. */
const ESCAPE_SIZE = 6

/** A key is the number of a module, shifted, and the index of a function in it; linked modules come before the entry's. */
export const PART_SHIFT = 20
/** Modules of a program, the entry's included. */
const PROFILE_PARTS_MAX = 65
/** In the place of a module: a function of the host. */
export const HOST_PART = 126
/** The key of both nodes that are no functions. */
export const NO_FUNCTION: number = 127 << PART_SHIFT
/** The node above all others: fuel used while no function ran. */
export const ROOT_NODE = 0
/** The node of what came after there were too many. */
export const OTHER_NODE = 1

/** A function in a profile. */
export type ProfiledFunction =
  /** by its index in its module; linked modules are numbered in their order, the entry's follows them */
  | { readonly kind: 'guest'; readonly module: number; readonly index: number }
  /** such as `wasi_snapshot_preview1.fd_write` */
  | { readonly kind: 'host'; readonly name: string }
  /** no function: the root of the tree */
  | { readonly kind: 'root' }
  /** calls that came after the tree was full; below it each function has one node, whoever called it */
  | { readonly kind: 'other' }

/** A function as it was called by those above it. */
export interface ProfileNode {
  /** Index of the caller's node, which comes before this one; the root's own, 0, for the root. */
  readonly parent: number
  readonly function: ProfiledFunction
  /** Fuel used by the function itself, without those that it called. */
  readonly selfFuel: number
}

/** Where the fuel of a run went: a tree of calls, the root first. The `selfFuel` of all nodes together is the run's `fuelUsed`. */
export type RunProfile = readonly ProfileNode[]

/** A tree as it is collected: arrays by node. */
export interface ProfileTree {
  readonly count: number
  readonly parents: Int32Array
  readonly keys: Int32Array
  readonly selfFuel: Float64Array
  /** Names of host functions, by their index. */
  readonly hosts: readonly string[]
}

const HEAD_SIZE = 8
const NODE_SIZE = 16
/** Bytes of the largest profile. */
export const PROFILE_SIZE_MAX: number =
  HEAD_SIZE +
  NODE_SIZE * (PROFILE_NODES_MAX + PROFILE_OTHERS_MAX) +
  PROFILE_HOSTS_MAX * (PROFILE_NAME_LENGTH_MAX * ESCAPE_SIZE + 4)

/** A profile's bytes: the number of nodes, the size of the names, `parent u32 | key u32 | fuel f64` a node, names as JSON. */
export function encodeProfile({ count, parents, keys, selfFuel, hosts }: ProfileTree): Uint8Array {
  const names = new TextEncoder().encode(JSON.stringify(hosts))
  const bytes = new Uint8Array(HEAD_SIZE + count * NODE_SIZE + names.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, count, true)
  view.setUint32(4, names.length, true)
  for (let node = 0, at = HEAD_SIZE; node < count; node++, at += NODE_SIZE) {
    view.setUint32(at, parents[node] as number, true)
    view.setUint32(at + 4, keys[node] as number, true)
    view.setFloat64(at + 8, selfFuel[node] as number, true)
  }
  bytes.set(names, HEAD_SIZE + count * NODE_SIZE)
  return bytes
}

/**
 * The profile in bytes that an executor sent.
 *
 * @param fuelUsed - by the run; that of all nodes must add up to it
 * @throws {RangeError} if it is not one that the run can have
 * @throws {SyntaxError} if the names are no JSON
 */
export function decodeProfile(bytes: Uint8Array, fuelUsed: number): RunProfile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const count = bytes.length < HEAD_SIZE ? 0 : view.getUint32(0, true)
  const namesAt = HEAD_SIZE + count * NODE_SIZE
  const isSized =
    bytes.length <= PROFILE_SIZE_MAX && count > OTHER_NODE && count <= PROFILE_NODES_MAX + PROFILE_OTHERS_MAX
  if (!isSized || namesAt + view.getUint32(4, true) !== bytes.length) fail('its parts do not add up to its size')
  const hosts = readHosts(bytes.subarray(namesAt))
  const nodes: ProfileNode[] = []
  let sum = 0
  for (let node = 0, at = HEAD_SIZE; node < count; node++, at += NODE_SIZE) {
    const parent = view.getUint32(at, true)
    const selfFuel = view.getFloat64(at + 8, true)
    if (node === ROOT_NODE ? parent !== 0 : parent >= node) fail('a node comes before its parent')
    if (!Number.isSafeInteger(selfFuel) || selfFuel < 0) fail('fuel is not a number of units')
    sum += selfFuel
    nodes.push({ parent, function: functionOf(node, view.getUint32(at + 4, true), hosts), selfFuel })
  }
  if (sum !== fuelUsed) fail('its fuel is not that of the run')
  return nodes
}

function functionOf(node: number, key: number, hosts: readonly string[]): ProfiledFunction {
  if (node === ROOT_NODE) return { kind: 'root' }
  if (node === OTHER_NODE) return { kind: 'other' }
  const module = key >>> PART_SHIFT
  const index = key & ((1 << PART_SHIFT) - 1)
  const name = hosts[index]
  if (module === HOST_PART && name !== undefined) return { kind: 'host', name }
  if (module >= PROFILE_PARTS_MAX) fail('a function is in no module')
  return { kind: 'guest', module, index }
}

function readHosts(bytes: Uint8Array): readonly string[] {
  const hosts: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  const isName = (name: unknown): name is string => typeof name === 'string' && name.length <= PROFILE_NAME_LENGTH_MAX
  if (!Array.isArray(hosts) || hosts.length > PROFILE_HOSTS_MAX || !hosts.every(isName))
    fail('names of the host are wrong')
  return hosts
}

function fail(why: string): never {
  throw new RangeError(`Cannot read profile: ${why}`)
}
