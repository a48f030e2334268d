import { CodedError, type NodeId } from '@blockless/core'

/** A node that gave no vote, and why. */
export interface FailedAnswer {
  readonly node: NodeId
  readonly code: string
  readonly message: string
}

/** Why an invocation has no result. */
export type InvocationReason =
  | { readonly code: 'ERR_DIVERGED'; readonly requestId: string; readonly detail: string }
  | {
      readonly code: 'ERR_NOT_ENOUGH_ANSWERS'
      readonly requestId: string
      readonly detail: string
      readonly failed: readonly FailedAnswer[]
    }
  | { readonly code: 'ERR_HEAD_BUSY'; readonly countMax: number }

/** An invocation that ended without an agreed result; its story tells who said what. */
export class InvocationError extends CodedError<InvocationReason['code'], InvocationReason> {
  constructor(reason: InvocationReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: InvocationReason): string {
  switch (reason.code) {
    case 'ERR_DIVERGED':
      return `Cannot agree: ${reason.detail}; is the function deterministic? "bls explain ${reason.requestId}" shows where`
    case 'ERR_NOT_ENOUGH_ANSWERS': {
      const [first] = reason.failed
      const same = first !== undefined && reason.failed.every(({ code }) => code === first.code)
      const cause = same ? `; each node said: ${first.message}` : ''
      return `Cannot agree: ${reason.detail}${cause}; see "bls explain ${reason.requestId}"`
    }
    case 'ERR_HEAD_BUSY':
      return `Cannot take request: ${reason.countMax} are under way at this head; try again shortly`
  }
}
