import { CodedError } from '@blockless/core'

/** Why a DAG did not arrive; `missing` is the block that was being waited for. */
export type FetchReason =
  | {
      readonly code: 'ERR_FETCH_TIMEOUT'
      readonly root: string
      readonly missing: string
      readonly waitedMs: number
      readonly peerCount: number
    }
  | {
      readonly code: 'ERR_FETCH_NOT_FOUND'
      readonly root: string
      readonly missing: string
      readonly peerCount: number
    }
  | { readonly code: 'ERR_FETCH_TOO_LARGE'; readonly root: string; readonly missing: string; readonly limit: string }
  | { readonly code: 'ERR_FETCH_INVALID'; readonly root: string; readonly missing: string }
  | { readonly code: 'ERR_FETCH_STOPPED'; readonly root: string; readonly missing: string }

/** A DAG that did not arrive whole. */
export class FetchError extends CodedError<FetchReason['code'], FetchReason> {
  constructor(reason: FetchReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: FetchReason): string {
  const subject = `Cannot fetch "${reason.root}"`
  switch (reason.code) {
    case 'ERR_FETCH_TIMEOUT':
      return `${subject}: block "${reason.missing}" did not arrive in ${reason.waitedMs} ms, ${reason.peerCount} peers were asked`
    case 'ERR_FETCH_NOT_FOUND':
      return `${subject}: none of ${reason.peerCount} peers gave block "${reason.missing}", connect to one that has it`
    case 'ERR_FETCH_TOO_LARGE':
      return `${subject}: with block "${reason.missing}" it exceeds ${reason.limit}`
    case 'ERR_FETCH_INVALID':
      return `${subject}: block "${reason.missing}" does not decode`
    case 'ERR_FETCH_STOPPED':
      return `${subject}: the exchange is not running, block "${reason.missing}" was awaited`
  }
}
