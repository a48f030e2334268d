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
  statementOf,
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
  const result = findResult(answers, ending.resultHash)
  const statement = statementOf(result)
  invariant(equalBytes(resultHashOf(statement), ending.resultHash), 'the decided result hashes to the decided hash')
  const votes = sortVotes([...answers.values()].map(({ vote }) => vote))
  const members = ending.asked
  const replaced = ending.failed.map(({ node, code }) => ({ node, reason: failures.get(node)?.code ?? code }))
  const body = {
    version: 1 as const,
    requestId,
    request,
    result: statement,
    fuelUsed: 0,
    epoch: formed.subnet.epoch,
    subnet: { cid: formed.cid, members },
    votes: votes.filter(({ node }) => !isReplaced(replaced, node)),
    replaced,
  }
  const agreeing = agreeingVotes({ result: statement, votes: body.votes })
  const fuelUsed = billedFuel(agreeing.map(({ fuel }) => fuel))
  const receipt = signReceipt(signer, { ...body, fuelUsed })
  const others = ending.outvoted.map(({ resultHash, nodes }) => ({ nodes, result: findResult(answers, resultHash) }))
  const groups = [{ nodes: ending.agreeing, result }, ...others]
  return { receipt, receiptCid: receiptCidOf(receipt), result, groups }
}

function findResult(answers: ReadonlyMap<NodeId, CheckedAnswer>, resultHash: Uint8Array): ExecutionResult {
  const answer = [...answers.values()].find(({ vote }) => equalBytes(vote.resultHash, resultHash))
  invariant(answer !== undefined, 'someone sent the decided result')
  return answer.result
}

function isReplaced(replaced: readonly { node: NodeId }[], node: NodeId): boolean {
  return replaced.some((entry) => entry.node === node)
}
