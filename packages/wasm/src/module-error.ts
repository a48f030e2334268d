import { CodedError } from '@blockless/core'

/** Why a module was refused. `at` is a byte offset into the module as it was given. */
export type ModuleReason =
  | { readonly code: 'ERR_MODULE_MALFORMED'; readonly at: number; readonly expected: string }
  | {
      readonly code: 'ERR_MODULE_INVALID'
      readonly at: number
      readonly problem: string
      /** the function whose body has the problem */
      readonly functionIndex: number | undefined
    }
  | { readonly code: 'ERR_MODULE_FEATURE'; readonly at: number; readonly feature: string }
  | { readonly code: 'ERR_MODULE_LIMIT'; readonly at: number; readonly what: string; readonly limit: number }
  | { readonly code: 'ERR_MODULE_MEMORY'; readonly pagesInitial: number; readonly pagesMax: number }
  | { readonly code: 'ERR_MODULE_EXPORT'; readonly name: string }

/**
 * A module that cannot be run here, with the reason in `details` and the same in words in `message`.
 *
 * @example
 * ```ts
 * import { decodeModule, ModuleError } from '@blockless/wasm'
 * assert.throws(() => decodeModule(new Uint8Array(3)), (error) => {
 *   return error instanceof ModuleError && error.code === 'ERR_MODULE_MALFORMED'
 * })
 * ```
 */
export class ModuleError extends CodedError<ModuleReason['code'], ModuleReason> {
  constructor(reason: ModuleReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: ModuleReason): string {
  switch (reason.code) {
    case 'ERR_MODULE_MALFORMED':
      return `Cannot decode module: at byte ${reason.at}, ${reason.expected} is needed`
    case 'ERR_MODULE_INVALID':
      return `Cannot validate module: at byte ${reason.at}${inFunction(reason.functionIndex)}, ${reason.problem}`
    case 'ERR_MODULE_FEATURE':
      return `Cannot run module: at byte ${reason.at} it uses ${reason.feature}, compile it without that feature`
    case 'ERR_MODULE_LIMIT':
      return `Cannot run module: at byte ${reason.at}, ${reason.what} is over the limit, at most ${reason.limit} is allowed`
    case 'ERR_MODULE_MEMORY':
      return `Cannot run module: its memory starts with ${reason.pagesInitial} pages of 64 KiB, at most ${reason.pagesMax} are allowed; raise the memory limit or lower its initial memory`
    case 'ERR_MODULE_EXPORT':
      return `Cannot rewrite module: it exports "${reason.name}", that name is reserved; rename the export`
  }
}

function inFunction(index: number | undefined): string {
  return index === undefined ? '' : ` in function ${index}`
}
