import { CodedError, type NodeId } from '@blockless/core'

/** Why a subnet could not be drawn. */
export type SelectionReason =
  | { readonly code: 'ERR_SUBNET_TOO_SMALL'; readonly wanted: number; readonly found: number }
  | { readonly code: 'ERR_CANDIDATE_DUPLICATE'; readonly node: NodeId }

/** A draw that is not possible with the candidates at hand. */
export class SelectionError extends CodedError<SelectionReason['code'], SelectionReason> {
  constructor(reason: SelectionReason) {
    super(reason.code, describe(reason), reason)
  }
}

function describe(reason: SelectionReason): string {
  switch (reason.code) {
    case 'ERR_SUBNET_TOO_SMALL':
      return `Cannot form subnet: ${reason.found} candidates found, ${reason.wanted} needed`
    case 'ERR_CANDIDATE_DUPLICATE':
      return `Cannot draw: "${reason.node}" stands twice, each node may stand once`
  }
}
