import type { CID } from 'multiformats/cid'
import { sha256 } from '#sha256'
import { equalBytes, toHex } from '../bytes.ts'
import type { Agreement } from '../model/agreement.ts'
import { epochAt, type Network } from '../model/network.ts'
import { type ExecutionInput, inputHashOf } from '../model/request.ts'
import { type Subnet, subnetCidOf } from '../model/subnet.ts'
import type { Finding } from './finding.ts'
import type { Receipt } from './receipt.ts'
import { agreeingVotes } from './votes.ts'

// Checks of the receipt against what the verifier holds beside it.

/** Whether the function, and its export, is the one that the caller meant to run. */
export function checkFunction({ request }: Receipt, expected: CID | undefined, entry: string | undefined): Finding {
  const found = request.functionCid.toString()
  if (entry !== undefined && entry !== request.entry) return { failed: `ran "${request.entry}", not "${entry}"` }
  if (expected === undefined) return { skipped: `ran ${found}; give the function's CID to compare` }
  const wanted = expected.toString()
  return wanted === found ? found : { failed: `ran ${found}, not ${wanted}` }
}

/** Whether the request is about the input that the caller sent. */
export function checkInput({ request }: Receipt, input: ExecutionInput | undefined): Finding {
  if (input === undefined) return { skipped: 'give the input to compare its hash' }
  return equalBytes(inputHashOf(input), request.inputHash)
    ? 'the input has the hash in the request'
    : { failed: `the input hashes to ${toHex(inputHashOf(input))}, the request says ${toHex(request.inputHash)}` }
}

/** Whether the result is about the output that the caller got. */
export function checkOutput({ result }: Receipt, output: Uint8Array | undefined): Finding {
  if (output === undefined) return { skipped: 'give the output to compare its hash' }
  return equalBytes(sha256(output), result.outputHash)
    ? 'the output has the hash in the result'
    : { failed: `the output hashes to ${toHex(sha256(output))}, the result says ${toHex(result.outputHash)}` }
}

/** Whether enough agree by the request's own rule, and whether that is the rule that the caller asked for. */
export function checkThreshold(receipt: Receipt, wanted: Agreement | undefined): Finding {
  const { threshold, nodes } = receipt.request.agreement
  if (wanted !== undefined && (wanted.threshold !== threshold || wanted.nodes !== nodes)) {
    return { failed: `${threshold} of ${nodes} were to agree, not ${wanted.threshold} of ${wanted.nodes}` }
  }
  const agreeing = agreeingVotes(receipt).length
  if (agreeing < threshold) return { failed: `${agreeing} votes for the result, ${threshold} of ${nodes} needed` }
  const outvoted = receipt.votes.length - agreeing
  return `${agreeing} votes for the result, ${threshold} of ${nodes} needed${outvoted > 0 ? `, ${outvoted} outvoted` : ''}`
}

/** Whether the members are the first ones of the order in the draw's record, and the record is the one voted under. */
export function checkSubnet({ subnet, request, epoch }: Receipt, record: Subnet | undefined): Finding {
  if (record === undefined) return { skipped: `give the record of the draw, ${subnet.cid.toString()}, to compare` }
  if (!equalBytes(subnetCidOf(record).bytes, subnet.cid.bytes)) {
    return { failed: `the record given is not ${subnet.cid.toString()}` }
  }
  const isOfThis =
    record.chainId === request.chainId &&
    equalBytes(record.functionCid.bytes, request.functionCid.bytes) &&
    record.epoch === epoch
  if (!isOfThis) return { failed: 'the record is of another function, chain or epoch' }
  // The size is part of the draw's seed: a head that may choose it may try 64 draws and take the one it likes.
  if (record.size !== request.agreement.nodes) {
    return { failed: `${record.size} members were drawn for ${request.agreement.nodes} nodes` }
  }
  const isPrefix = subnet.members.every((node, index) => record.order[index] === node)
  return isPrefix ? 'the members stand in the drawn order' : { failed: 'the members are not the first ones drawn' }
}

/** Whether the request's time lies in the epoch whose subnet answered. */
export function checkEpoch({ request, epoch }: Receipt, network: Network | undefined): Finding {
  if (network === undefined) return { skipped: "give the network's genesis to place the time in an epoch" }
  const expected = epochAt(network, request.timestampMs)
  // The subnet was formed before the request came, so a request at an epoch's first moments may be the last's.
  const fits = epoch === expected || epoch === expected - 1
  return fits ? `epoch ${epoch}` : { failed: `the request's time is in epoch ${expected}, the receipt says ${epoch}` }
}

/** Whether head and members, replaced ones too, are of the caller's network. */
export function checkNetwork({ request, head, subnet }: Receipt, network: Network | undefined): Finding {
  if (network === undefined) return { skipped: "give the network's genesis to know whose keys these are" }
  if (network.chainId !== request.chainId) {
    return { failed: `made on chain "${request.chainId}", not on "${network.chainId}"` }
  }
  if (!network.heads.includes(head)) return { failed: `head ${head} is not of this network` }
  const workers = new Set(network.workers)
  const stranger = subnet.members.find((node) => !workers.has(node))
  if (stranger !== undefined) return { failed: `worker ${stranger} is not of this network` }
  return 'the head and all members are of this network'
}
