import { struct } from '../schema/compounds.ts'
import { integer, oneOf } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'
import { SchemaError } from '../schema/schema-error.ts'

/**
 * How a run ended, as far as it is the same on every honest node.
 *
 * `exit` is the function's own end with its exit code; every other kind is a trap or a limit, where `code` is 0. Ends
 * that another node would not see (a deadline, a crashed executor) are not here: they are errors of the node.
 */
export type ExitKind = (typeof EXIT_KINDS)[number]

/** Every {@link ExitKind}. */
export const EXIT_KINDS = [
  'exit',
  'out-of-fuel',
  'memory-limit',
  'output-limit',
  'stack-overflow',
  'unreachable',
  'memory-out-of-bounds',
  'table-out-of-bounds',
  'indirect-call-null',
  'indirect-call-type',
  'integer-overflow',
  'divide-by-zero',
  'invalid-conversion',
  'null-reference',
  'unaligned-atomic',
  'uncaught-exception',
  'call-limit',
] as const

/** @see ExitKind */
export interface Exit {
  readonly kind: ExitKind
  /** The function's exit code if `kind` is `exit`, 0 to 2^32 - 1; else 0. */
  readonly code: number
}

const shape = struct({ kind: oneOf(EXIT_KINDS), code: integer(0, 0xffff_ffff) })

/** One end has one spelling, so that nodes which saw the same vote for the same. */
function refine(exit: Exit, path: string): Exit {
  if (exit.kind === 'exit' || exit.code === 0) return exit
  throw new SchemaError(`${path}.code`, `0, as the function was stopped (${exit.kind})`, exit.code)
}

/** Schema of {@link Exit}. */
export const exitSchema: Schema<Exit> = {
  ...shape,
  check: (value, path) => refine(shape.check(value, path), path),
  fromJson: (json, path) => refine(shape.fromJson(json, path), path),
}

/** Exit codes of the existing Blockless runtime, for its command line and REST answers. */
const RUNTIME_CODES: Readonly<Record<Exclude<ExitKind, 'exit'>, number>> = {
  'out-of-fuel': 1,
  'stack-overflow': 2,
  'memory-out-of-bounds': 3,
  'unaligned-atomic': 4,
  'table-out-of-bounds': 5,
  'indirect-call-null': 6,
  'indirect-call-type': 7,
  'integer-overflow': 8,
  'divide-by-zero': 9,
  'invalid-conversion': 10,
  unreachable: 11,
  'memory-limit': 16,
  'output-limit': 255,
  'null-reference': 255,
  'uncaught-exception': 255,
  'call-limit': 255,
}

/** The process exit code that the existing runtime has for this end. */
export function runtimeExitCode(exit: Exit): number {
  return exit.kind === 'exit' ? exit.code & 0xff : RUNTIME_CODES[exit.kind]
}

const ADVICE: Readonly<Record<Exclude<ExitKind, 'exit'>, string>> = {
  'out-of-fuel': 'it used all its fuel; raise limits.fuel, or look for a loop that does not end',
  'memory-limit': 'it asked for more memory than allowed; raise limits.memoryBytes, or use less',
  'output-limit': 'it wrote more than allowed; raise limits.outputBytes, or write less',
  'stack-overflow': 'its calls nested too deep; look for a recursion that does not end',
  unreachable: 'it reached an "unreachable" instruction, as a failed assertion or panic does; stderr may say why',
  'memory-out-of-bounds': 'it read or wrote outside its memory',
  'table-out-of-bounds': 'it used a table element that does not exist',
  'indirect-call-null': 'it called a function pointer that is null',
  'indirect-call-type': 'it called a function pointer with the wrong signature',
  'integer-overflow': 'an integer division overflowed',
  'divide-by-zero': 'it divided an integer by zero',
  'invalid-conversion': 'it converted a number that does not fit into an integer',
  'null-reference': 'it used a null reference',
  'unaligned-atomic': 'an atomic access was not aligned',
  'uncaught-exception': 'an exception left the function uncaught',
  'call-limit': 'it asked the world outside more often than allowed; look for a loop that does not end',
}

/** One sentence for people: what ended the run, and what to do about it. */
export function describeExit(exit: Exit): string {
  if (exit.kind === 'exit')
    return exit.code === 0 ? 'The function ended normally' : `The function exited with code ${exit.code}`
  return `The function was stopped: ${ADVICE[exit.kind]}`
}
