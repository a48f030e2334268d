import { CodedError } from '@blockless/core'

/** What a server of tools did wrong. */
export interface McpReason {
  readonly code: 'ERR_MCP'
  readonly host: string
  readonly why: string
}

/** A server of tools that does not speak the protocol, or refused. */
export class McpError extends CodedError<McpReason['code'], McpReason> {
  constructor(host: string, why: string, options?: ErrorOptions) {
    super('ERR_MCP', `Cannot use tools of "${host}": ${why}`, { code: 'ERR_MCP', host, why }, options)
  }
}
