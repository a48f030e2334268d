import { equalBytes } from '../bytes.ts'
import { compareNodeIds } from '../identity/node-id.ts'
import { resultHashOf } from '../model/result.ts'
import type { Vote } from '../model/vote.ts'
import type { Receipt } from './receipt.ts'

/** The votes for the agreed result. */
export function agreeingVotes(receipt: Pick<Receipt, 'result' | 'votes'>): readonly Vote[] {
  const agreed = resultHashOf(receipt.result)
  return receipt.votes.filter(({ resultHash }) => equalBytes(resultHash, agreed))
}

/**
 * The fuel that is billed for the agreeing votes: the lower median, which one liar among honest nodes cannot move far.
 *
 * @param fuels - each agreeing node's own count, at least one
 */
export function billedFuel(fuels: readonly number[]): number {
  const sorted = [...fuels].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}

/** Orders votes as receipts keep them. */
export function sortVotes(votes: readonly Vote[]): readonly Vote[] {
  return [...votes].sort((a, b) => compareNodeIds(a.node, b.node))
}
