import type { AggregationState } from './aggregation-types.ts'

/** Nodes that may still answer. */
export function openCount(state: AggregationState): number {
  return state.answers.filter(({ kind }) => kind === 'pending').length
}

/** Nodes that answered or may still answer. */
export function liveCount(state: AggregationState): number {
  return state.answers.filter(({ kind }) => kind !== 'failed').length
}

/** Nodes of the order that may still be asked; none once the time is up. */
export function sparesCount(state: AggregationState): number {
  return state.nowMs < state.endByMs ? state.init.order.length - state.answers.length : 0
}
