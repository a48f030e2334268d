import { CodedError } from '@blockless/core'

/** Why an extension or a driver cannot be used. */
export type ExtensionReason =
  | { readonly code: 'ERR_EXTENSION_HANDSHAKE'; readonly path: string; readonly why: string }
  | {
      readonly code: 'ERR_EXTENSION_CHANGED'
      readonly name: string
      readonly path: string
      readonly wanted: string
      readonly found: string
    }
  | { readonly code: 'ERR_EXTENSION_EXISTS'; readonly name: string }
  | { readonly code: 'ERR_EXTENSION_UNKNOWN'; readonly name: string; readonly known: readonly string[] }
  | { readonly code: 'ERR_EXTENSION_REGISTRY'; readonly path: string; readonly why: string }
  | { readonly code: 'ERR_EXTENSION_BUSY'; readonly path: string }
  | { readonly code: 'ERR_EXTENSION_FILE'; readonly path: string; readonly why: string }
  | { readonly code: 'ERR_EXTENSION_START'; readonly name: string; readonly why: string }

/** An extension or a driver that cannot be installed or used. */
export class ExtensionError extends CodedError<ExtensionReason['code'], ExtensionReason> {
  constructor(reason: ExtensionReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: ExtensionReason): string {
  switch (reason.code) {
    case 'ERR_EXTENSION_HANDSHAKE':
      return `Cannot install "${reason.path}": with --ext_verify ${reason.why}, {"alias", "description", "is_cgi": true} is needed`
    case 'ERR_EXTENSION_CHANGED':
      return `Cannot use "${reason.name}": "${reason.path}" has SHA-256 ${reason.found}, ${reason.wanted} was installed, install it again if you trust the change`
    case 'ERR_EXTENSION_EXISTS':
      return `Cannot install "${reason.name}": something else is installed under this name, remove that first`
    case 'ERR_EXTENSION_UNKNOWN': {
      const known = reason.known.length === 0 ? 'nothing is' : `installed are ${reason.known.join(', ')}`
      return `Cannot find "${reason.name}": it is not installed, ${known}`
    }
    case 'ERR_EXTENSION_REGISTRY':
      return `Cannot read extensions: "${reason.path}" cannot be used (${reason.why}), restore it or remove it and install anew`
    case 'ERR_EXTENSION_BUSY':
      return `Cannot change extensions: another process does, try again; if none does, remove "${reason.path}"`
    case 'ERR_EXTENSION_FILE':
      return `Cannot install "${reason.path}": ${reason.why}`
    case 'ERR_EXTENSION_START':
      return `Cannot start "${reason.name}": ${reason.why}`
  }
}
