import {
  type Candidate,
  type CID,
  candidacyDigest,
  compareNodeIds,
  drawSeedOf,
  equalBytes,
  type Network,
  type NodeId,
  protocolLimits,
  type Subnet,
  verifySignature,
} from '@blockless/core'
import { drawOrder } from './draw.ts'
import { SelectionError } from './selection-error.ts'

/** What candidates stand for. */
export interface Candidacy {
  readonly chainId: string
  readonly functionCid: CID
  readonly epoch: number
}

/** What a subnet is drawn from. */
export interface SubnetInit extends Candidacy {
  /** The network's public randomness, 32 bytes. */
  readonly beacon: Uint8Array
  /** Members wanted, 1 to 64. */
  readonly size: number
  /** In any order; their signatures are not looked at, see {@link verifyCandidate}. */
  readonly candidates: readonly Candidate[]
}

/** What a verifier holds beside the record; each makes one more check possible. */
export interface VerifySubnetOptions {
  /** The randomness that the draw had to use. */
  readonly beacon?: Uint8Array
  /** The chain and the workers whose candidacies count. */
  readonly network?: Network
}

/** Whether a subnet's record holds, and the first reason why not. */
export interface SubnetVerdict {
  readonly ok: boolean
  readonly detail: string
}

/** Two spares at least, so that a subnet of one survives two dead nodes. */
const SPARES_COUNT_MIN = 2

/** How many nodes a record lists: the members and, as far as there are candidates, as many spares, at least two. */
export function orderCountOf(size: number, candidatesCount: number): number {
  return Math.min(candidatesCount, size + Math.max(SPARES_COUNT_MIN, size))
}

/** Whether the candidate itself signed that it stands for this function in this epoch with this weight. */
export function verifyCandidate({ chainId, functionCid, epoch }: Candidacy, candidate: Candidate): boolean {
  const { node, weight, signature } = candidate
  return verifySignature(node, candidacyDigest({ chainId, functionCid, epoch, weight }), signature)
}

/**
 * Draws a function's subnet for an epoch.
 *
 * @returns the record of the draw, which {@link verifySubnet} accepts if all candidates' signatures are good
 * @throws {SelectionError} `ERR_SUBNET_TOO_SMALL` if fewer than `size` stand, `ERR_CANDIDATE_DUPLICATE` if one does twice
 * @throws {RangeError} if the size or a weight is out of range
 */
export function formSubnet(init: SubnetInit): Subnet {
  const { chainId, functionCid, epoch, beacon, size } = init
  if (!Number.isInteger(size) || size < 1 || size > protocolLimits.SUBNET_SIZE_MAX) {
    throw new RangeError(`Cannot form subnet: size ${size} is not 1 to ${protocolLimits.SUBNET_SIZE_MAX}`)
  }
  if (init.candidates.length < size) {
    throw new SelectionError({ code: 'ERR_SUBNET_TOO_SMALL', wanted: size, found: init.candidates.length })
  }
  const candidates = init.candidates.toSorted((a, b) => compareNodeIds(a.node, b.node))
  const order = redraw({ beacon, functionCid, epoch, size, candidates })
  return { version: 1, chainId, functionCid, epoch, beacon, size, candidates, order }
}

/**
 * Verifies the record of a draw: who stood was willing, and the order is the one that the seed gives.
 *
 * It cannot see a candidate that the record leaves out; the candidate, which holds its own signature, can.
 *
 * @param subnet - in model form, as its schema returns it
 */
export function verifySubnet(subnet: Subnet, options: VerifySubnetOptions = {}): SubnetVerdict {
  const detail = findFlaw(subnet, options)
  if (detail !== undefined) return { ok: false, detail }
  return { ok: true, detail: `${subnet.order.length} drawn from ${subnet.candidates.length} candidates` }
}

function findFlaw(subnet: Subnet, { beacon, network }: VerifySubnetOptions): string | undefined {
  const { candidates, size } = subnet
  if (beacon !== undefined && !equalBytes(beacon, subnet.beacon)) return 'the draw used another beacon'
  if (network !== undefined && network.chainId !== subnet.chainId) return `the draw is of chain "${subnet.chainId}"`
  if (candidates.length < size) return `${candidates.length} candidates for ${size} members`
  const unsorted = candidates.find(({ node }, index) => {
    const previous = candidates[index - 1]
    return previous !== undefined && compareNodeIds(previous.node, node) >= 0
  })
  if (unsorted !== undefined) return `the candidates are not sorted, or twice the same, at ${unsorted.node}`
  const workers = network === undefined ? undefined : new Set(network.workers)
  const stranger = workers === undefined ? undefined : candidates.find(({ node }) => !workers.has(node))
  if (stranger !== undefined) return `candidate ${stranger.node} is not of this network`
  // The order before the signatures: it costs a tenth, and a wrong draw then fails without the rest.
  const order = redraw(subnet)
  const isDrawn = order.length === subnet.order.length && order.every((node, index) => node === subnet.order[index])
  if (!isDrawn) return 'the order is not the one that the seed gives'
  const forged = candidates.find((candidate) => !verifyCandidate(subnet, candidate))
  return forged === undefined ? undefined : `candidate ${forged.node} did not sign its candidacy`
}

function redraw(subnet: Pick<Subnet, 'beacon' | 'functionCid' | 'epoch' | 'size' | 'candidates'>): NodeId[] {
  const { beacon, functionCid, epoch, size, candidates } = subnet
  const seed = drawSeedOf({ beacon, functionCid, epoch, size })
  return drawOrder({ seed, candidates, count: orderCountOf(size, candidates.length) })
}
