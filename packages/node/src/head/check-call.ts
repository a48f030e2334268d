import {
  agreementSchema,
  CodedError,
  type ExecutionInput,
  exceededLimit,
  executionInputSchema,
  type FunctionSettings,
  type Limits,
  limitsSchema,
} from '@blockless/core'
import { FRAME_SIZE_MAX } from '../work/messages.ts'

/** Bytes of arguments, environment and stdin together; a request has the rest of the frame. */
const INPUT_SIZE_MAX: number = FRAME_SIZE_MAX - 262_144

/** A call that no worker would take. */
export class CallError extends CodedError<
  'ERR_LIMIT' | 'ERR_INPUT_SIZE',
  { readonly wanted: number; readonly allowed: number }
> {}

/**
 * Checks what a caller wants before any worker sees it: a frame that workers cannot read ends the link of each, so
 * one caller's mistake would take the function from all others.
 *
 * @throws {SchemaError} if the input, the limits or the agreement are none
 * @throws {CallError} ERR_LIMIT if more is wanted than the manifest allows, ERR_INPUT_SIZE if it fits into no frame
 */
export function checkCall({
  settings,
  input,
  limits,
}: {
  readonly settings: FunctionSettings
  readonly input: ExecutionInput
  readonly limits?: Limits
}): void {
  executionInputSchema.check(input, 'input')
  agreementSchema.check(settings.agreement, 'agreement')
  const size = sizeOf(input)
  if (size > INPUT_SIZE_MAX) {
    const message = `Cannot run function: arguments, environment and stdin have ${size} bytes, at most ${INPUT_SIZE_MAX} fit`
    throw new CallError('ERR_INPUT_SIZE', message, { wanted: size, allowed: INPUT_SIZE_MAX })
  }
  if (limits === undefined) return
  limitsSchema.check(limits, 'limits')
  const exceeded = exceededLimit(limits, settings.limits)
  if (exceeded === undefined) return
  const { name, wanted, allowed } = exceeded
  const message = `Cannot run function: limits.${name} is ${wanted}, its manifest allows ${allowed}`
  throw new CallError('ERR_LIMIT', message, { wanted, allowed })
}

function sizeOf({ args, env, stdin }: ExecutionInput): number {
  let size = stdin.length
  for (const text of args) size += Buffer.byteLength(text)
  for (const [name, value] of Object.entries(env)) size += Buffer.byteLength(name) + Buffer.byteLength(value)
  return size
}
