import { equalBytes, toHex } from '../bytes.ts'
import { compareNodeIds } from '../identity/node-id.ts'
import { verifySignature } from '../identity/signer.ts'
import { requestIdOf } from '../model/request.ts'
import { voteDigest } from '../model/vote.ts'
import type { Finding } from './finding.ts'
import { type Receipt, receiptDigest } from './receipt.ts'
import { agreeingVotes, billedFuel } from './votes.ts'

// Checks that need the receipt alone.

/** Whether the id is the hash of the request. */
export function checkRequestId({ request, requestId }: Receipt): Finding {
  const expected = requestIdOf(request)
  if (equalBytes(expected, requestId)) return `${toHex(requestId)} is the hash of the request`
  return { failed: `the request hashes to ${toHex(expected)}, the receipt says ${toHex(requestId)}` }
}

/**
 * Who may vote: members that were not replaced, each once, and one member more than asked for per replaced one.
 *
 * So at most `agreement.nodes` votes stand, and a threshold of more than half of them is met by one result only. Votes
 * are sorted by node, replaced members by their place among the members: the same facts have one form.
 */
export function checkVoters({ votes, subnet, request, replaced }: Receipt): Finding {
  const { members } = subnet
  const places = new Map(members.map((node, index) => [node, index]))
  if (places.size !== members.length) return { failed: 'the subnet names a member twice' }
  for (const [index, { node }] of votes.entries()) {
    const previous = votes[index - 1]?.node
    if (votes.findIndex((vote) => vote.node === node) !== index) return { failed: `${node} voted more than once` }
    if (!places.has(node)) return { failed: `${node} voted but is not a member of the subnet` }
    if (previous !== undefined && compareNodeIds(previous, node) > 0)
      return { failed: 'the votes are not sorted by node' }
  }
  const voters = new Set(votes.map(({ node }) => node))
  let place = -1
  for (const { node } of replaced) {
    const next = places.get(node)
    if (next === undefined) return { failed: `${node} was replaced but is not a member of the subnet` }
    if (next <= place) return { failed: `the replaced members are not in their order, each once, at ${node}` }
    if (voters.has(node)) return { failed: `${node} was replaced but its vote is counted` }
    place = next
  }
  const extra = members.length - request.agreement.nodes
  if (extra < 0) return { failed: `${members.length} members for ${request.agreement.nodes} nodes` }
  if (extra > replaced.length) {
    return { failed: `${extra} spares were called, but only ${replaced.length} members replaced` }
  }
  return `${voters.size} different members of the subnet voted`
}

/** Whether each vote is signed for this chain, request, function, subnet and epoch. */
export function checkSignatures(receipt: Receipt): Finding {
  const { request, requestId, subnet, epoch, votes } = receipt
  const { chainId, functionCid } = request
  const context = { chainId, requestId, functionCid, subnetCid: subnet.cid, epoch }
  const forged = votes.filter((vote) => !verifySignature(vote.node, voteDigest(context, vote), vote.signature))
  if (forged.length > 0) {
    return { failed: `the signature of ${forged.map(({ node }) => node).join(' and ')} does not sign this vote` }
  }
  return `${votes.length} votes are signed by their nodes`
}

/** Whether the bill is what the agreeing votes say, within the request's limit. */
export function checkFuel(receipt: Receipt): Finding {
  const { result, fuelUsed, request } = receipt
  const votes = agreeingVotes(receipt)
  const { fuel } = result
  if (fuelUsed > request.limits.fuel) return { failed: `${fuelUsed} used, but ${request.limits.fuel} was the limit` }
  if (fuel !== undefined && votes.some((vote) => vote.fuel !== fuel)) {
    return { failed: `the result says ${fuel}, but a node that voted for it says otherwise` }
  }
  // Only a run that no answer from outside reached has fuel in its result, and its transcript is empty.
  if (fuel !== undefined && votes.some(({ transcriptHash }) => transcriptHash.some((byte) => byte !== 0))) {
    return { failed: 'the result is of a pure run, but a node that voted for it has a transcript of host calls' }
  }
  if (votes.length === 0) return { skipped: 'nobody voted for the result' }
  const billed = billedFuel(votes.map((vote) => vote.fuel))
  return billed === fuelUsed ? `${fuelUsed} used` : { failed: `${fuelUsed} billed, but the votes give ${billed}` }
}

/** Whether the head signed every other field. */
export function checkHead(receipt: Receipt): Finding {
  if (verifySignature(receipt.head, receiptDigest(receipt), receipt.signature)) return `signed by ${receipt.head}`
  return { failed: `the signature of ${receipt.head} does not sign this receipt` }
}
