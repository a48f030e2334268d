import { CodedError } from '@blockless/core'

/** Why a CAR was refused; `offset` is the byte of the stream at which the refused part begins. */
export type CarReason =
  | { readonly code: 'ERR_CAR_TRUNCATED'; readonly offset: number; readonly wanted: number; readonly found: number }
  | { readonly code: 'ERR_CAR_MALFORMED'; readonly offset: number; readonly problem: string }
  | { readonly code: 'ERR_CAR_SECTION'; readonly offset: number; readonly size: number; readonly sectionMax: number }
  | { readonly code: 'ERR_CAR_TOO_LARGE'; readonly offset: number; readonly sizeMax: number }
  | { readonly code: 'ERR_CAR_ROOTS'; readonly offset: number; readonly count: number; readonly rootsMax: number }
  | { readonly code: 'ERR_CAR_BLOCK'; readonly offset: number; readonly cid: string; readonly problem: string }
  | { readonly code: 'ERR_CAR_INCOMPLETE'; readonly offset: number; readonly root: string; readonly missing: string }

/** A CAR that is cut off, malformed, too large, that holds a wrong block, or that lacks one. */
export class CarError extends CodedError<CarReason['code'], CarReason> {
  constructor(reason: CarReason, options?: ErrorOptions) {
    super(reason.code, `Cannot read CAR at byte ${reason.offset}: ${describe(reason)}`, reason, options)
  }
}

function describe(reason: CarReason): string {
  switch (reason.code) {
    case 'ERR_CAR_TRUNCATED':
      return `it ends ${reason.wanted - reason.found} bytes early, ${reason.wanted} are needed`
    case 'ERR_CAR_MALFORMED':
      return reason.problem
    case 'ERR_CAR_SECTION':
      return `a section of ${reason.size} bytes, at most ${reason.sectionMax} are allowed`
    case 'ERR_CAR_TOO_LARGE':
      return `it exceeds ${reason.sizeMax} bytes`
    case 'ERR_CAR_ROOTS':
      return `${reason.count} roots, 1 to ${reason.rootsMax} are needed`
    case 'ERR_CAR_BLOCK':
      return `block "${reason.cid}" is refused, ${reason.problem}`
    case 'ERR_CAR_INCOMPLETE':
      return `block "${reason.missing}" of root "${reason.root}" is missing`
  }
}
