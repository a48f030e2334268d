import { hashCanonical } from '../hash.ts'
import { list, struct } from '../schema/compounds.ts'
import { blob, bytes } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'

/** One call that left the sandbox, and what came back. */
export interface TranscriptEntry {
  /** SHA-256 of the call's bytes: what was asked may hold secrets, such as a key of an API, so it is kept as a hash. */
  readonly callHash: Uint8Array
  /** The answer as the guest's side of the sandbox got it. */
  readonly answer: Uint8Array
}

/** Everything the outside world told a run, in order; with its request it determines the run completely. */
export type Transcript = readonly TranscriptEntry[]

/** Calls of one run that a transcript holds at most. */
const ENTRIES_COUNT_MAX = 10_000_000
/** One answer: the largest one a host call may give, and its head. */
const ANSWER_SIZE_MAX = 33_554_432

/** Schema of {@link Transcript}. */
export const transcriptSchema: Schema<Transcript> = list(
  struct({ callHash: bytes(32), answer: blob(ANSWER_SIZE_MAX) }),
  ENTRIES_COUNT_MAX,
)

/** Hash of a transcript, 32 bytes; all zero if nothing was asked, which is what a pure run has. */
export function transcriptHashOf(transcript: Transcript): Uint8Array {
  if (transcript.length === 0) return new Uint8Array(32)
  return hashCanonical('blockless/transcript/1', transcript)
}
