/** Why an executor could not give a result, as it crosses to the host; plain data. */
export type Failure =
  | { readonly code: 'ERR_DEADLINE'; readonly deadlineMs: number }
  | { readonly code: 'ERR_ABORTED' }
  | { readonly code: 'ERR_HOST_MEMORY'; readonly what: string }
  | { readonly code: 'ERR_EXECUTOR_CRASHED'; readonly why: string }
  | { readonly code: 'ERR_MODULE_INVALID'; readonly looksLike: string; readonly why: string }
  | {
      readonly code: 'ERR_MODULE_IMPORT'
      readonly module: string
      readonly name: string
      readonly why: string
      readonly near: readonly string[]
    }
  | { readonly code: 'ERR_MODULE_ENTRY'; readonly entry: string; readonly entries: readonly string[] }
  | { readonly code: 'ERR_MODULE_MEMORY'; readonly pagesMin: number; readonly pagesMax: number }

/** Carries a {@link Failure} to the edge of a thread; executors do not load the package that has `CodedError`. */
export class FailureError extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.code)
    this.name = 'FailureError'
    this.failure = failure
  }
}
