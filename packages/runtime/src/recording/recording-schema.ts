import {
  blob,
  bytes,
  dictionary,
  type ExecutionInput,
  type Exit,
  exitSchema,
  flag,
  HASH_SIZE,
  integer,
  type Limits,
  list,
  literal,
  oneOf,
  optional,
  protocolLimits,
  type Schema,
  struct,
  type Transcript,
  text,
  transcriptSchema,
  variant,
} from '@blockless/core'
import { ANSWER_SIZE_MAX, MOUNTS_MAX, PATH_SIZE_MAX } from '../limits.ts'

/** A run that can be repeated without the world it ran in: what it was given, what it was told, and what came out. */
export interface Recording {
  readonly version: 1
  readonly program: RecordedProgram
  readonly request: RecordedRequest
  /** What the world outside answered, in order. */
  readonly transcript: Transcript
  readonly result: RecordedResult
}

/** The program by its hashes: a recording does not hold it. */
export interface RecordedProgram {
  /** SHA-256 of the entry's module. */
  readonly entryHash: Uint8Array
  readonly modules: readonly { readonly name: string; readonly hash: Uint8Array }[]
  /** Whether calling an import that nobody provides is a trap. */
  readonly trapsUnknownImports: boolean
  /** Whether it may have shared memories and atomic instructions. */
  readonly threads: boolean
}

/** A run's request but for its program. */
export interface RecordedRequest {
  readonly entry: string
  readonly limits: Limits
  readonly input: ExecutionInput
  readonly timestampMs: number
  /** 32 bytes. */
  readonly seed: Uint8Array
  readonly name: string
  readonly clock: 'virtual' | 'real'
  readonly mounts: readonly RecordedMount[]
}

/** A mount; of files in memory, the hash is recorded, of folders of the machine, what they answered. */
export type RecordedMount =
  | { readonly kind: 'memory'; readonly path: string; readonly filesHash?: Uint8Array; readonly isReadOnly?: boolean }
  | { readonly kind: 'host'; readonly path: string; readonly folder: string }

/** How a run ended, as far as it is the same whenever it is repeated. */
export interface RecordedResult {
  readonly exit: Exit
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly fuelUsed: number
  readonly memoryPeakBytes: number
}

/** Bytes of a recording: what the world may tell a run (128 MiB), its input and output, and room. */
export const RECORDING_SIZE_MAX = 268_435_456

/** Longest time that a timer of Node takes. */
const DEADLINE_MS_MAX = 0x7fff_ffff
const { ARGUMENT_LENGTH_MAX, ARGUMENTS_COUNT_MAX, FUEL_MAX, MEMORY_SIZE_MAX, PAGE_SIZE, STDIN_SIZE_MAX } =
  protocolLimits
const TIMESTAMP_MS_MAX = 8_640_000_000_000_000
const NAME_LENGTH_MAX = 4096
const hash = bytes(HASH_SIZE)
const name = text(NAME_LENGTH_MAX)
const path = text(PATH_SIZE_MAX)

const limitsSchema: Schema<Limits> = struct({
  fuel: integer(1, FUEL_MAX),
  memoryBytes: integer(PAGE_SIZE, MEMORY_SIZE_MAX),
  outputBytes: integer(0, ANSWER_SIZE_MAX),
  deadlineMs: integer(1, DEADLINE_MS_MAX),
})

const inputSchema: Schema<ExecutionInput> = struct({
  args: list(text(ARGUMENT_LENGTH_MAX), ARGUMENTS_COUNT_MAX),
  env: dictionary(text(ARGUMENT_LENGTH_MAX), ARGUMENTS_COUNT_MAX, /^[^=\0]{1,256}$/),
  stdin: blob(STDIN_SIZE_MAX),
})

const mountSchema: Schema<RecordedMount> = variant('kind', {
  memory: struct({ path, filesHash: optional(hash), isReadOnly: optional(flag()) }),
  host: struct({ path, folder: name }),
})

/** Schema of {@link Recording}. */
export const recordingSchema: Schema<Recording> = struct({
  version: literal(1),
  program: struct({
    entryHash: hash,
    modules: list(struct({ name, hash }), 64),
    trapsUnknownImports: flag(),
    threads: flag(),
  }),
  request: struct({
    entry: name,
    limits: limitsSchema,
    input: inputSchema,
    timestampMs: integer(0, TIMESTAMP_MS_MAX),
    seed: bytes(32),
    name,
    clock: oneOf(['virtual', 'real'] as const),
    mounts: list(mountSchema, MOUNTS_MAX),
  }),
  transcript: transcriptSchema,
  result: struct({
    exit: exitSchema,
    stdout: blob(ANSWER_SIZE_MAX),
    stderr: blob(ANSWER_SIZE_MAX),
    fuelUsed: integer(0, FUEL_MAX),
    memoryPeakBytes: integer(0, MEMORY_SIZE_MAX),
  }),
})
