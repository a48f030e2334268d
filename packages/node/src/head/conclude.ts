import {
  agreeingVotes,
  billedFuel,
  type CID,
  type ExecutionRequest,
  type ExecutionResult,
  equalBytes,
  invariant,
  type NodeId,
  type Receipt,
  receiptCidOf,
  resultHashOf,
  type Signer,
  signReceipt,
  sortVotes,
} from '@blockless/core'
import type { CheckedAnswer } from './answer.ts'
import type { InvocationOutcome } from './invocation.ts'
import type { FormedSubnet } from './subnets.ts'

/** An agreed result and the receipt for it. */
export interface Conclusion {
  readonly receipt: Receipt
  readonly receiptCid: CID
  readonly result: ExecutionResult
  /** All results that came in, the agreed one first, and who sent each. */
  readonly groups: readonly { readonly nodes: readonly NodeId[]; readonly result: ExecutionResult }[]
}

/** Makes the receipt of an invocation that was decided. */
export function conclude(
  signer: Signer,
  { requestId, request, formed }: { requestId: Uint8Array; request: ExecutionRequest; formed: FormedSubnet },
  { ending, answers, failures }: InvocationOutcome,
): Conclusion {
  invariant(ending.kind === 'decided', 'a receipt is made of a decision')
  const { result, statement } = findAnswer(answers, ending.resultHash)
  invariant(equalBytes(resultHashOf(statement), ending.resultHash), 'the decided result hashes to the decided hash')
  const replaced = ending.failed.map(({ node, code }) => ({ node, reason: failures.get(node)?.code ?? code }))
  const standing = [...answers.values()].filter(({ vote }) => !replaced.some(({ node }) => node === vote.node))
  const votes = sortVotes(standing.map(({ vote }) => vote))
  const agreeing = agreeingVotes({ result: statement, votes })
  const receipt = signReceipt(signer, {
    version: 1,
    requestId,
    request,
    result: statement,
    fuelUsed: billedFuel(agreeing.map(({ fuel }) => fuel)),
    epoch: formed.subnet.epoch,
    subnet: { cid: formed.cid, members: ending.asked },
    votes,
    replaced,
  })
  const others = ending.outvoted.map(({ resultHash, nodes }) => ({
    nodes,
    result: findAnswer(answers, resultHash).result,
  }))
  const groups = [{ nodes: ending.agreeing, result }, ...others]
  return { receipt, receiptCid: receiptCidOf(receipt), result, groups }
}

function findAnswer(answers: ReadonlyMap<NodeId, CheckedAnswer>, resultHash: Uint8Array): CheckedAnswer {
  const answer = [...answers.values()].find(({ vote }) => equalBytes(vote.resultHash, resultHash))
  invariant(answer !== undefined, 'someone sent the decided result')
  return answer
}
