import { CodedError, type NodeId } from '@blockless/core'

/** Why a link failed or a call on it got no answer. */
export type LinkReason =
  | { readonly code: 'ERR_LINK_CLOSED'; readonly node: NodeId }
  | { readonly code: 'ERR_LINK_BUSY'; readonly node: NodeId; readonly backlogBytes: number }
  | { readonly code: 'ERR_FRAME_SIZE'; readonly node: NodeId; readonly sizeMax: number }
  | { readonly code: 'ERR_FRAME_INVALID'; readonly node: NodeId; readonly problem: string }

/** A link to another node that cannot be used any more, or not now. */
export class LinkError extends CodedError<LinkReason['code'], LinkReason> {
  constructor(reason: LinkReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: LinkReason): string {
  switch (reason.code) {
    case 'ERR_LINK_CLOSED':
      return `Cannot reach node ${reason.node}: its link is closed`
    case 'ERR_LINK_BUSY':
      return `Cannot send to node ${reason.node}: ${reason.backlogBytes} bytes already wait, it reads too slowly`
    case 'ERR_FRAME_SIZE':
      return `Cannot read frame of node ${reason.node}: it is larger than ${reason.sizeMax} bytes`
    case 'ERR_FRAME_INVALID':
      return `Cannot read frame of node ${reason.node}: ${reason.problem}`
  }
}
