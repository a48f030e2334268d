export { type AggregationStep, createAggregation, nextTickMs, stepAggregation } from './aggregation/aggregation.ts'
export type {
  AggregationEffect,
  AggregationEvent,
  AggregationInit,
  AggregationState,
  FailedNode,
  IgnoredReason,
  ResultGroup,
} from './aggregation/aggregation-types.ts'
export { type DrawInit, drawOrder, type WeightedNode } from './selection/draw.ts'
export { SelectionError, type SelectionReason } from './selection/selection-error.ts'
export {
  type Candidacy,
  formSubnet,
  orderCountOf,
  type SubnetInit,
  type SubnetVerdict,
  type VerifySubnetOptions,
  verifyCandidate,
  verifySubnet,
} from './selection/subnet.ts'
