import {
  CodedError,
  type ExecutionResult,
  equalBytes,
  type ResultStatement,
  resultHashOf,
  statementOf,
  type Vote,
  type VoteContext,
  verifySignature,
  voteDigest,
} from '@blockless/core'
import type { WorkResult } from '../work/messages.ts'

/** A worker's answer whose vote was checked against what came with it. */
export interface CheckedAnswer {
  readonly vote: Vote
  readonly result: ExecutionResult
  /** What the vote is for; hashing the output again for the receipt would cost as much as checking it did. */
  readonly statement: ResultStatement
  readonly message: WorkResult
}

/** A worker's answer that cannot count. */
class AnswerError extends CodedError<'ERR_VOTE_INVALID', { readonly node: string; readonly problem: string }> {
  constructor(node: string, problem: string) {
    super('ERR_VOTE_INVALID', `Cannot count vote of ${node}: ${problem}`, { node, problem })
  }
}

/**
 * Checks that a worker's vote is its own, for this request, and for the very bytes that it sent.
 *
 * @throws {AnswerError} if any of that is not so
 */
export function checkAnswer(node: string, context: VoteContext, fuelLimit: number, message: WorkResult): CheckedAnswer {
  const { vote, exit, stdout, stderr, isPure } = message
  if (vote.node !== node) throw new AnswerError(node, `it is in the name of ${vote.node}`)
  if (vote.fuel > fuelLimit) throw new AnswerError(node, `it claims ${vote.fuel} fuel of at most ${fuelLimit}`)
  const { transcriptHash } = vote
  const result = { exit, stdout, stderr, isPure, fuelUsed: vote.fuel, transcriptHash }
  const statement = statementOf(result)
  if (!equalBytes(resultHashOf(statement), vote.resultHash)) {
    throw new AnswerError(node, 'it is for another result than the one that came with it')
  }
  if (!verifySignature(node, voteDigest(context, vote), vote.signature)) {
    throw new AnswerError(node, 'its signature does not sign this request and result')
  }
  return { vote, result, statement, message }
}
