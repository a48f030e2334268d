import { CodedError } from '@blockless/core'

/** Why a request to the outside world did not come to a response. */
export type HttpReason =
  /** `missing` names the rule that would allow it. */
  | { readonly code: 'ERR_HTTP_DENIED'; readonly url: string; readonly missing: string }
  /** The name is allowed, but leads only to addresses that are not. */
  | { readonly code: 'ERR_HTTP_ADDRESS'; readonly host: string; readonly missing: string }
  | { readonly code: 'ERR_HTTP_URL'; readonly url: string }
  | { readonly code: 'ERR_HTTP_METHOD'; readonly method: string }
  | { readonly code: 'ERR_HTTP_HEADER'; readonly name: string; readonly why: string }
  | { readonly code: 'ERR_HTTP_REDIRECTS'; readonly redirectsMax: number }
  | { readonly code: 'ERR_HTTP_TIMEOUT'; readonly host: string }
  /** `why` is a stable word of the system or the HTTP client, such as `ECONNREFUSED`. */
  | { readonly code: 'ERR_HTTP_FAILED'; readonly host: string; readonly why: string }

/** A request to the outside world that did not come to a response. */
export class HttpError extends CodedError<HttpReason['code'], HttpReason> {
  constructor(reason: HttpReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: HttpReason): string {
  switch (reason.code) {
    case 'ERR_HTTP_DENIED':
      return `Cannot request "${reason.url}": not allowed, ${reason.missing} needed`
    case 'ERR_HTTP_ADDRESS':
      return `Cannot connect to "${reason.host}": its address is not allowed, ${reason.missing} needed`
    case 'ERR_HTTP_URL':
      return `Cannot request "${reason.url}": no URL of http or https`
    case 'ERR_HTTP_METHOD':
      return `Cannot request with method "${reason.method}": not a method that a program may use`
    case 'ERR_HTTP_HEADER':
      return `Cannot send header "${reason.name}": ${reason.why}`
    case 'ERR_HTTP_REDIRECTS':
      return `Cannot follow redirect: ${reason.redirectsMax} were followed, no more are allowed`
    case 'ERR_HTTP_TIMEOUT':
      return `Cannot get response of "${reason.host}": it took too long`
    case 'ERR_HTTP_FAILED':
      return `Cannot get response of "${reason.host}": ${reason.why}`
  }
}
