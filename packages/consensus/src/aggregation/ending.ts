import { equalBytes, invariant, type NodeId } from '@blockless/core'
import type {
  AggregationEffect,
  AggregationEnd,
  AggregationState,
  FailedNode,
  ResultGroup,
} from './aggregation-types.ts'
import { openCount, sparesCount } from './counts.ts'

/** The results that came in, the largest group first; among equals the one whose first node was drawn earlier. */
export function resultGroups(state: AggregationState): ResultGroup[] {
  const groups: { resultHash: Uint8Array; nodes: NodeId[] }[] = []
  state.answers.forEach((answer, index) => {
    const node = state.init.order[index]
    if (answer.kind !== 'answered' || node === undefined) return
    const group = groups.find(({ resultHash }) => equalBytes(resultHash, answer.resultHash))
    if (group === undefined) groups.push({ resultHash: answer.resultHash, nodes: [node] })
    else group.nodes.push(node)
  })
  return groups.sort((a, b) => b.nodes.length - a.nodes.length) // stable, so drawn order breaks ties
}

/** The effect with which an aggregation ends: decided, diverged or not enough. */
export function endOf(state: AggregationState): AggregationEffect {
  const { threshold } = state.init.agreement
  const groups = resultGroups(state)
  const facts = factsOf(state)
  const [first, ...others] = groups
  if (first !== undefined && first.nodes.length >= threshold) {
    invariant(
      others.every((group) => group.nodes.length < threshold),
      'one result at most reaches the threshold',
    )
    return { kind: 'decided', resultHash: first.resultHash, agreeing: first.nodes, outvoted: others, ...facts }
  }
  const answered = groups.reduce((sum, group) => sum + group.nodes.length, 0)
  const answerable = answered + openCount(state) + sparesCount(state)
  if (answerable >= threshold) {
    const sizes = groups.map((group) => group.nodes.length).join(', ')
    const reason = `${groups.length} different results from ${answered} nodes (${sizes}), ${threshold} equal ones needed`
    return { kind: 'diverged', groups, reason, ...facts }
  }
  const reason = `${answered} of ${facts.asked.length} nodes answered, ${threshold} equal results needed`
  return { kind: 'not-enough', answered, needed: threshold, groups, reason, ...facts }
}

function factsOf({ answers, init }: AggregationState): AggregationEnd {
  const asked = init.order.slice(0, answers.length)
  const failed = asked.flatMap((node, index): FailedNode[] => {
    const answer = answers[index]
    return answer?.kind === 'failed' ? [{ node, code: answer.code }] : []
  })
  const unanswered = asked.filter((_, index) => answers[index]?.kind === 'pending')
  return { asked, failed, unanswered }
}
