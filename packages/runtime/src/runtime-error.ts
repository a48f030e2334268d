import { CodedError } from '@blockless/core'
import type { Failure } from './executor/failure.ts'

/** Why the runtime could not give a result; facts of this node or of the module, never a deterministic end of a run. */
export type RuntimeReason =
  | Failure
  | { readonly code: 'ERR_QUEUE_FULL'; readonly queued: number; readonly queueMax: number }
  | { readonly code: 'ERR_MODULE_NOT_PREPARED'; readonly functionCid: string }
  | { readonly code: 'ERR_EXECUTOR_STATE'; readonly state: string }
  | { readonly code: 'ERR_HOST_CALL'; readonly name: string; readonly why: string }
  | { readonly code: 'ERR_REPLAY_DIVERGED'; readonly sequence: number; readonly name: string; readonly why: string }

/**
 * An error of the sandbox: what went wrong in `code` and `details`, and what to do about it in `message`.
 *
 * `ERR_MODULE_*` say that the module cannot run anywhere; the others say that this node could not give a result now.
 */
export class RuntimeError extends CodedError<RuntimeReason['code'], RuntimeReason> {
  constructor(reason: RuntimeReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: RuntimeReason): string {
  switch (reason.code) {
    case 'ERR_DEADLINE':
      return `Cannot finish run: it was still running after ${reason.deadlineMs} ms, raise limits.deadlineMs or do less in one run`
    case 'ERR_ABORTED':
      return 'Cannot finish run: the executor was stopped, send the request again'
    case 'ERR_HOST_MEMORY':
      return `Cannot finish run: this machine has no memory for ${reason.what}, try another node or fewer threads`
    case 'ERR_EXECUTOR_CRASHED':
      return `Cannot finish run: ${reason.why}, send the request again`
    case 'ERR_QUEUE_FULL':
      return `Cannot accept run: ${reason.queued} wait already, at most ${reason.queueMax} may, try again later or elsewhere`
    case 'ERR_EXECUTOR_STATE':
      return `Cannot use executor: it is ${reason.state}, call start() first`
    case 'ERR_HOST_CALL':
      return `Cannot finish run: this node failed at its host call "${reason.name}" (${reason.why}), try another node`
    case 'ERR_REPLAY_DIVERGED':
      return `Cannot replay run: of its host call ${reason.sequence} ("${reason.name}"), ${reason.why}, use the module and the input of the record`
    default:
      return describeModule(reason)
  }
}

type ModuleReason = Extract<RuntimeReason, { code: `ERR_MODULE_${string}` }>

function describeModule(reason: ModuleReason): string {
  switch (reason.code) {
    case 'ERR_MODULE_INVALID':
      return `Cannot use module: it is ${reason.looksLike}, ${reason.why}`
    case 'ERR_MODULE_IMPORT':
      return `Cannot use module: of its import "${reason.module}.${reason.name}", ${reason.why}${didYouMean(reason.near)}`
    case 'ERR_MODULE_ENTRY':
      return `Cannot use module: it exports no function "${reason.entry}" without parameters, ${listEntries(reason.entries)}`
    case 'ERR_MODULE_MEMORY':
      return `Cannot use module: its memory starts with ${reason.pagesMin} pages of 64 KiB, at most ${reason.pagesMax} are allowed, raise limits.memoryBytes or lower its initial memory`
    case 'ERR_MODULE_NOT_PREPARED':
      return `Cannot run function "${reason.functionCid}": the executor does not hold it, call prepare() with its module first`
  }
}

function didYouMean(near: readonly string[]): string {
  return near.length === 0 ? '' : `, the nearest there are: ${quoted(near)}`
}

const ENTRIES_SHOWN = 10

function listEntries(entries: readonly string[]): string {
  if (entries.length === 0) return 'and no other either; export one, such as "_start"'
  const more = entries.length > ENTRIES_SHOWN ? ` and ${entries.length - ENTRIES_SHOWN} more` : ''
  return `use one of ${quoted(entries.slice(0, ENTRIES_SHOWN))}${more}`
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
