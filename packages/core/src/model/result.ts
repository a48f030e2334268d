import { sha256 } from '#sha256'
import { hashCanonical } from '../hash.ts'
import { FUEL_MAX } from '../limits.ts'
import { optional, struct } from '../schema/compounds.ts'
import { bytes, integer } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'
import { type Exit, exitSchema } from './exit.ts'

/** What came out of one run on one node. */
export interface ExecutionResult {
  readonly exit: Exit
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** Instructions executed, as the fuel table counts them. */
  readonly fuelUsed: number
  /** Whether no host call reached the outside world, so that honest nodes must use the same fuel. */
  readonly isPure: boolean
  /** Hash of everything the outside world answered; 32 zero bytes if the run was pure. */
  readonly transcriptHash: Uint8Array
}

/** What is voted on: only what is the same on every honest node. */
export interface ResultStatement {
  readonly exit: Exit
  /** SHA-256 of stdout: what `sha256sum` says of the answer. */
  readonly outputHash: Uint8Array
  /** SHA-256 of stderr. */
  readonly stderrHash: Uint8Array
  /** Fuel used, present if the run was pure. */
  readonly fuel?: number
}

/** Schema of {@link ResultStatement}. */
export const resultStatementSchema: Schema<ResultStatement> = struct({
  exit: exitSchema,
  outputHash: bytes(32),
  stderrHash: bytes(32),
  fuel: optional(integer(0, FUEL_MAX)),
})

/** The part of a result that nodes vote on. */
export function statementOf(result: ExecutionResult): ResultStatement {
  const { exit, stdout, stderr, isPure, fuelUsed } = result
  const statement = { exit, outputHash: sha256(stdout), stderrHash: sha256(stderr) }
  return isPure ? { ...statement, fuel: fuelUsed } : statement
}

/** The hash that a vote carries for a statement: 32 bytes. */
export function resultHashOf(statement: ResultStatement): Uint8Array {
  return hashCanonical('blockless/result/1', statement)
}
