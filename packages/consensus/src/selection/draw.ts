import { compareNodeIds, concat, type NodeId, protocolLimits, sha256, toUtf8 } from '@blockless/core'
import { negativeLog2 } from './negative-log2.ts'
import { SelectionError } from './selection-error.ts'

/** Who may be drawn, and how likely relative to the others. */
export interface WeightedNode {
  readonly node: NodeId
  /** 1 to 2^32 - 1. */
  readonly weight: number
}

/** Everything that decides a draw. */
export interface DrawInit {
  /** 32 bytes, public. */
  readonly seed: Uint8Array
  /** In any order; at most 10_000. */
  readonly candidates: readonly WeightedNode[]
  /** How many to draw, `0 <= count <= candidates.length`. */
  readonly count: number
}

const SEED_SIZE = 32
const WEIGHT_MAX = 0xffff_ffff
/** Bits by which a logarithm is shifted before it is divided by a weight, so that the quotient keeps its precision. */
const QUOTIENT_BITS = 64n

/**
 * Draws nodes without replacement, each as likely as its weight among those that are left, from a public seed.
 *
 * Every candidate gets a rank from the seed, its own id and its own weight alone: `-log2(u) / weight`, where `u` is its
 * hash read as a fraction. The lowest ranks are drawn, lowest first: an exponential race, which draws as successive
 * weighted draws do. As no rank depends on another candidate, leaving one out moves nobody else: a head that hides
 * candidates cannot reshuffle the rest until it likes the outcome. All arithmetic is on integers.
 *
 * @returns `count` node ids in the order drawn; the same for every order of `candidates`
 * @throws {RangeError} if the seed, a weight or a count is out of range
 * @throws {SelectionError} `ERR_CANDIDATE_DUPLICATE` if a node stands twice
 * @see docs/spec/selection.md#the-draw
 * @see Efraimidis and Spirakis, Weighted random sampling with a reservoir (2006)
 *
 * @example
 * ```ts
 * import { drawOrder } from '@blockless/consensus'
 * const candidates = [{ node: 'a', weight: 1 }, { node: 'b', weight: 1 }, { node: 'c', weight: 1 }]
 * const order = drawOrder({ seed: new Uint8Array(32), candidates, count: 2 })
 * assert.deepEqual(order, drawOrder({ seed: new Uint8Array(32), candidates: candidates.toReversed(), count: 2 }))
 * ```
 */
export function drawOrder(init: DrawInit): NodeId[] {
  const { seed, candidates, count } = init
  checkDraw(init)
  const ranked = candidates.map(({ node, weight }) => ({ node, rank: rankOf(seed, node, weight) }))
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : compareNodeIds(a.node, b.node)))
  return ranked.slice(0, count).map(({ node }) => node)
}

/** `floor(-log2(u) * 2^56 * 2^64 / weight)`, where `u` is the first 8 bytes of `SHA-256(seed ‖ node)`. */
function rankOf(seed: Uint8Array, node: NodeId, weight: number): bigint {
  const hash = sha256(concat(seed, toUtf8(node)))
  const draw = new DataView(hash.buffer, hash.byteOffset, hash.byteLength).getBigUint64(0)
  return (negativeLog2(draw) << QUOTIENT_BITS) / BigInt(weight)
}

function checkDraw({ seed, candidates, count }: DrawInit): void {
  if (seed.length !== SEED_SIZE) throw new RangeError(`Cannot draw: seed of ${seed.length} bytes, ${SEED_SIZE} needed`)
  if (candidates.length > protocolLimits.CANDIDATES_COUNT_MAX) {
    throw new RangeError(
      `Cannot draw: ${candidates.length} candidates, at most ${protocolLimits.CANDIDATES_COUNT_MAX} allowed`,
    )
  }
  if (!Number.isInteger(count) || count < 0 || count > candidates.length) {
    throw new RangeError(`Cannot draw: ${count} wanted of ${candidates.length} candidates`)
  }
  const seen = new Set<NodeId>()
  for (const { node, weight } of candidates) {
    if (!Number.isInteger(weight) || weight < 1 || weight > WEIGHT_MAX) {
      throw new RangeError(`Cannot draw: weight ${weight} of "${node}" is not a whole number from 1 to ${WEIGHT_MAX}`)
    }
    if (seen.has(node)) throw new SelectionError({ code: 'ERR_CANDIDATE_DUPLICATE', node })
    seen.add(node)
  }
}
