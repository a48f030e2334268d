import { CodedError } from '@blockless/core'

/** Why there is no usable answer from a gateway. */
export type ClientReason =
  | { readonly code: 'ERR_GATEWAY_UNREACHABLE'; readonly url: string; readonly problem: string; readonly hint: string }
  | { readonly code: 'ERR_GATEWAY_TIMEOUT'; readonly url: string; readonly timeoutMs: number }
  | { readonly code: 'ERR_GATEWAY_ANSWER'; readonly url: string; readonly status: number; readonly problem: string }

/** No gateway there, or one that answers nonsense. */
export class ClientError extends CodedError<ClientReason['code'], ClientReason> {
  constructor(reason: ClientReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

/** What the gateway itself refused, with its own code, message and details. */
export class GatewayError extends CodedError {
  /** HTTP status, 400 to 599. */
  readonly status: number
  /** When the gateway wants to be asked again, if it says so. */
  readonly retryAfterMs: number | undefined

  constructor(
    error: { readonly code: string; readonly message: string; readonly details: object },
    response: { readonly status: number; readonly retryAfterMs: number | undefined },
  ) {
    super(error.code, error.message, error.details)
    this.status = response.status
    this.retryAfterMs = response.retryAfterMs
  }
}

function describe(reason: ClientReason): string {
  switch (reason.code) {
    case 'ERR_GATEWAY_UNREACHABLE':
      return `Cannot reach gateway "${reason.url}": ${reason.problem}`
    case 'ERR_GATEWAY_TIMEOUT':
      return `Cannot get an answer from "${reason.url}": none came within ${reason.timeoutMs} ms`
    case 'ERR_GATEWAY_ANSWER':
      return `Cannot use the answer of "${reason.url}": ${reason.problem} (HTTP ${reason.status}), is it a Blockless gateway?`
  }
}
