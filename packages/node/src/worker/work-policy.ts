import { verifySubnet } from '@blockless/consensus'
import {
  beaconOf,
  type ExecutionInput,
  type ExecutionRequest,
  epochAt,
  equalBytes,
  exceededLimit,
  type FunctionSettings,
  inputHashOf,
  type Limits,
  type Network,
  type NodeId,
  type Subnet,
} from '@blockless/core'
import { CLOCK_SKEW_MS, totalTimeoutMs } from '../defaults.ts'

/** Why a worker will not do something; goes to the head, which tells the caller. */
export interface Refusal {
  readonly code: string
  readonly message: string
}

/** What a worker knows when a head asks it for something. */
export interface PolicyFacts {
  readonly self: NodeId
  readonly network: Network
  readonly nowMs: number
}

/** Whether an epoch may be served now: the present one, or a neighbour within the clocks' difference. */
export function checkEpoch(network: Network, epoch: number, nowMs: number): Refusal | undefined {
  const earliest = epochAt(network, nowMs - CLOCK_SKEW_MS) - 1 // a request may be under way while the epoch turns
  const latest = epochAt(network, nowMs + CLOCK_SKEW_MS)
  if (epoch >= earliest && epoch <= latest) return undefined
  const message = `Cannot serve epoch ${epoch}: epochs ${earliest} to ${latest} are open; check the clocks`
  return { code: 'ERR_EPOCH', message }
}

/** Whether a draw is right and this node is in it; pure. */
export function checkSubnet(subnet: Subnet, facts: PolicyFacts): Refusal | undefined {
  const { network, self, nowMs } = facts
  if (!subnet.order.includes(self)) {
    return { code: 'ERR_SUBNET_FOREIGN', message: 'Cannot serve subnet: this node was not drawn' }
  }
  const verdict = verifySubnet(subnet, { beacon: beaconOf(network), network })
  if (!verdict.ok) return { code: 'ERR_SUBNET_INVALID', message: `Cannot serve subnet: ${verdict.detail}` }
  return checkEpoch(network, subnet.epoch, nowMs)
}

/** Whether a request is what its subnet, its function and this node's owner allow; pure. */
export function checkRequest(
  request: ExecutionRequest,
  input: ExecutionInput,
  bounds: { readonly subnet: Subnet; readonly settings: FunctionSettings; readonly caps: Limits },
  facts: PolicyFacts,
): Refusal | undefined {
  const { subnet, settings, caps } = bounds
  if (request.chainId !== facts.network.chainId || !equalBytes(request.functionCid.bytes, subnet.functionCid.bytes)) {
    return { code: 'ERR_REQUEST_FOREIGN', message: 'Cannot run request: it is for another chain or function' }
  }
  if (!equalBytes(inputHashOf(input), request.inputHash)) {
    return { code: 'ERR_INPUT_HASH', message: 'Cannot run request: the input does not have the hash in the request' }
  }
  const ageMs = facts.nowMs - request.timestampMs
  if (ageMs < -CLOCK_SKEW_MS || ageMs > CLOCK_SKEW_MS + totalTimeoutMs(request.limits)) {
    return { code: 'ERR_REQUEST_EXPIRED', message: `Cannot run request: made ${ageMs} ms ago; check the clocks` }
  }
  if (request.entry !== settings.entry) {
    return { code: 'ERR_ENTRY', message: `Cannot run request: entry "${request.entry}", "${settings.entry}" needed` }
  }
  if (request.agreement.nodes !== subnet.size) {
    const message = `Cannot run request: it wants ${request.agreement.nodes} nodes, its subnet has ${subnet.size}`
    return { code: 'ERR_AGREEMENT', message }
  }
  const stray = request.permissions.find((permission) => !settings.permissions.includes(permission))
  if (stray !== undefined) {
    const message = `Cannot run request: permission "${stray}" is not in the manifest`
    return { code: 'ERR_PERMISSION', message }
  }
  return (
    checkEpoch(facts.network, subnet.epoch, facts.nowMs) ??
    checkLimits(request.limits, settings.limits, 'the manifest') ??
    checkLimits(request.limits, caps, 'this node')
  )
}

function checkLimits(limits: Limits, bound: Limits, owner: string): Refusal | undefined {
  const exceeded = exceededLimit(limits, bound)
  if (exceeded === undefined) return undefined
  const { name, wanted, allowed } = exceeded
  return { code: 'ERR_LIMIT', message: `Cannot run request: limits.${name} is ${wanted}, ${owner} allows ${allowed}` }
}
