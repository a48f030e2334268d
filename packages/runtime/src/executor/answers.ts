import {
  EXIT_KINDS,
  type ExecutionResult,
  integer,
  list,
  protocolLimits,
  type Schema,
  struct,
  type Transcript,
  text,
  transcriptHashOf,
  variant,
} from '@blockless/core'
import type { ModuleInfo } from '../module/inspect-module.ts'
import { decodeProfile, type RunProfile } from '../profile/profile-bytes.ts'
import type { Failure } from './failure.ts'
import { EXIT_KIND_CODES } from './protocol.ts'
import { decodeOutcome, type RunOutcome } from './run-frames.ts'

// The executor is not trusted: what it sends is checked here, and one wrong answer ends it.

const NAMES_COUNT_MAX = 1_000_000
const words = text(1_000_000)
const names = list(words, NAMES_COUNT_MAX)
const count = integer(0, Number.MAX_SAFE_INTEGER)

/** Schema of {@link ModuleInfo}. */
const moduleInfoSchema: Schema<ModuleInfo> = struct({
  entries: names,
  imports: names,
  memoryPagesMin: integer(0, 65_536),
  memoryPagesMax: integer(0, 65_536),
  size: count,
})

const failureSchema: Schema<Failure> = variant('code', {
  ERR_DEADLINE: struct({ deadlineMs: count }),
  ERR_ABORTED: struct({}),
  ERR_HOST_MEMORY: struct({ what: words }),
  ERR_EXECUTOR_CRASHED: struct({ why: words }),
  ERR_MODULE_INVALID: struct({ looksLike: words, why: words }),
  ERR_MODULE_IMPORT: struct({ module: words, name: words, why: words, near: names }),
  ERR_MODULE_ENTRY: struct({ entry: words, entries: names }),
  ERR_MODULE_MEMORY: struct({ pagesMin: count, pagesMax: count }),
})

/** The facts about a module in a frame. @throws {SchemaError | SyntaxError} if they are none */
export function readModuleInfo(payload: Uint8Array): ModuleInfo {
  return moduleInfoSchema.fromJson(readJson(payload), 'module')
}

/** The failure in a frame. @throws {SchemaError | SyntaxError} if it is none */
export function readFailure(payload: Uint8Array): Failure {
  return failureSchema.fromJson(readJson(payload), 'failure')
}

function readJson(payload: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
}

/** Milliseconds of wall time, as this node saw them; not voted on. */
export interface RunTimings {
  readonly queueMs: number
  readonly instantiateMs: number
  readonly runMs: number
  readonly totalMs: number
}

/** The result of a run, with what is reported beside the vote. */
export interface RunReport extends ExecutionResult {
  /** The guest's memory at its end, in bytes; it never shrinks. */
  readonly memoryPeakBytes: number
  /** What the world outside answered; empty if the run was pure. */
  readonly transcript: Transcript
  readonly timings: RunTimings
  /** Where the fuel went, if the request asked for it. */
  readonly profile?: RunProfile
}

/** What a run's answer has to stay inside of. */
export interface RunBounds {
  readonly fuel: number
  readonly outputBytes: number
  /** Whether it has a profile. */
  readonly isProfiled: boolean
}

/** The report in a frame. @throws {RangeError | SyntaxError} if it is not one that this run can have */
export function readReport(
  payload: Uint8Array,
  bounds: RunBounds,
): Omit<RunReport, 'timings' | keyof TranscriptFacts> & { outcome: RunOutcome } {
  const outcome = decodeOutcome(payload)
  const kind = EXIT_KIND_CODES[outcome.exitKind]
  const { fuelUsed, memoryPeakBytes, stdout, stderr } = outcome
  const isPossible =
    kind !== undefined &&
    EXIT_KINDS.includes(kind) &&
    Number.isSafeInteger(fuelUsed) &&
    fuelUsed >= 0 &&
    fuelUsed <= bounds.fuel &&
    Number.isSafeInteger(memoryPeakBytes) &&
    memoryPeakBytes >= 0 &&
    memoryPeakBytes <= protocolLimits.MEMORY_SIZE_MAX &&
    stdout.length + stderr.length <= bounds.outputBytes &&
    outcome.profile.length > 0 === bounds.isProfiled
  if (!isPossible) throw new RangeError('Cannot read outcome: it is not one that its run can have')
  return {
    exit: { kind, code: outcome.exitCode },
    stdout,
    stderr,
    fuelUsed,
    memoryPeakBytes,
    ...(bounds.isProfiled ? { profile: decodeProfile(outcome.profile, fuelUsed) } : {}),
    outcome,
  }
}

/** The part of a report that its host calls decide. */
export type TranscriptFacts = Pick<RunReport, 'isPure' | 'transcriptHash' | 'transcript'>

/** What a transcript says in a report. */
export function transcriptFacts(transcript: Transcript): TranscriptFacts {
  return { isPure: transcript.length === 0, transcriptHash: transcriptHashOf(transcript), transcript }
}

/** The end of a run whose module starts with more memory than it may have: it never begins. */
export function tooLittleMemory(): RunReport {
  return {
    exit: { kind: 'memory-limit', code: 0 },
    stdout: new Uint8Array(),
    stderr: new Uint8Array(),
    fuelUsed: 0,
    ...transcriptFacts([]),
    memoryPeakBytes: 0,
    timings: { queueMs: 0, instantiateMs: 0, runMs: 0, totalMs: 0 },
  }
}
