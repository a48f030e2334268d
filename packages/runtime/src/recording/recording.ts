import {
  CodecError,
  compareBytes,
  decodeCanonical,
  encodeCanonical,
  equalBytes,
  SchemaError,
  sha256,
  toHex,
} from '@blockless/core'
import type { RunReport } from '../executor/answers.ts'
import type { RunRequest } from '../executor/run-request.ts'
import { DEFAULT_MOUNTS, filesOf, type Mount } from '../fs/mount.ts'
import { type Program, programOf } from '../module/program.ts'
import { RecordingError } from './recording-error.ts'
import {
  RECORDING_SIZE_MAX,
  type RecordedMount,
  type RecordedResult,
  type Recording,
  recordingSchema,
} from './recording-schema.ts'

/** Parts of a result that a replay must give again. */
export type ResultPart = 'exit' | 'stdout' | 'stderr' | 'fuel' | 'memory' | 'host calls'

/** What a run was, for {@link replayedRequest} to repeat. */
export function createRecording(source: Uint8Array | Program, request: RunRequest, report: RunReport): Recording {
  const { entry, modules, trapsUnknownImports = false, threads = false } = programOf(source)
  const { limits, input, timestampMs, seed, name, clock = 'virtual', mounts = DEFAULT_MOUNTS } = request
  const hashes = modules.map((module) => ({ name: module.name, hash: sha256(module.wasm) }))
  return {
    version: 1,
    program: { entryHash: sha256(entry), modules: hashes, trapsUnknownImports, threads },
    request: {
      entry: request.entry,
      limits,
      input: { ...input, env: { ...input.env } },
      timestampMs,
      seed,
      name,
      clock,
      mounts: mounts.map(recordedMount),
    },
    transcript: report.transcript,
    result: resultOf(report),
  }
}

/** The canonical bytes of a recording. @throws {RecordingError} `ERR_RECORDING` if it is larger than may be read again */
export function encodeRecording(recording: Recording): Uint8Array {
  const encoded = encodeCanonical(recordingSchema.check(recording, 'recording'))
  if (encoded.length <= RECORDING_SIZE_MAX) return encoded
  const problem = `it would have ${encoded.length} bytes, at most ${RECORDING_SIZE_MAX} may be, let the run ask for less`
  throw new RecordingError({ code: 'ERR_RECORDING', problem })
}

/** Reads the bytes of {@link encodeRecording}. @throws {RecordingError} `ERR_RECORDING` saying what is wrong where */
export function decodeRecording(encoded: Uint8Array): Recording {
  try {
    return decodeCanonical(encoded, recordingSchema, '')
  } catch (cause) {
    throw new RecordingError({ code: 'ERR_RECORDING', problem: problemOf(cause) }, { cause })
  }
}

function problemOf(cause: unknown): string {
  if (cause instanceof SchemaError) {
    const { path, expected, found } = cause.details
    return `its "${path}" is not what it should be: ${expected} expected, got ${found}; was it made by another version?`
  }
  if (cause instanceof CodecError) return 'it is no recording, or a damaged one; record the run again'
  throw cause
}

/**
 * The request that repeats a recorded run.
 *
 * @param init.functionCid - under which the program is prepared
 * @param init.program - as it was recorded; its hashes are compared
 * @param init.mounts - the mounts in memory of the program, which bring their files
 * @throws {RecordingError} `ERR_RECORDING_PROGRAM` naming what is not the same
 */
export function replayedRequest(
  recording: Recording,
  init: { readonly functionCid: string; readonly program: Uint8Array | Program; readonly mounts: readonly Mount[] },
): RunRequest {
  const { program, request } = recording
  const { entry, modules } = programOf(init.program)
  compareHash('the module', program.entryHash, entry)
  for (const module of program.modules) {
    const found = modules.find(({ name }) => name === module.name)
    compareHash(`the linked module "${module.name}"`, module.hash, found?.wasm)
  }
  const mounts = request.mounts.map((mount): Mount => {
    if (mount.kind === 'host') return mount
    const { kind, path, filesHash, isReadOnly = false } = mount
    if (filesHash === undefined) return { kind, path, isReadOnly }
    const given = init.mounts.find((other) => other.kind === 'memory' && other.path === path)
    const files = given === undefined ? undefined : filesOf(given)
    compareHash(`what is mounted at "${path}"`, filesHash, files)
    return { kind, path, isReadOnly, ...(files === undefined ? {} : { files }) }
  })
  return { ...request, functionCid: init.functionCid, mounts }
}

/** In what a replay came out differently; nothing if it is the same bit for bit. */
export function findDifferences({ result, transcript }: Recording, report: RunReport): ResultPart[] {
  const found = resultOf(report)
  const isSame: Readonly<Record<ResultPart, boolean>> = {
    exit: result.exit.kind === found.exit.kind && result.exit.code === found.exit.code,
    stdout: compareBytes(result.stdout, found.stdout) === 0,
    stderr: compareBytes(result.stderr, found.stderr) === 0,
    fuel: result.fuelUsed === found.fuelUsed,
    memory: result.memoryPeakBytes === found.memoryPeakBytes,
    'host calls': transcript.length === report.transcript.length,
  }
  return (Object.keys(isSame) as ResultPart[]).filter((part) => !isSame[part])
}

function resultOf({ exit, stdout, stderr, fuelUsed, memoryPeakBytes }: RunReport): RecordedResult {
  return { exit, stdout, stderr, fuelUsed, memoryPeakBytes }
}

function recordedMount(mount: Mount): RecordedMount {
  if (mount.kind === 'host') return { kind: 'host', path: mount.path, folder: mount.folder }
  const { kind, path, isReadOnly = false } = mount
  const files = filesOf(mount)
  return { kind, path, isReadOnly, ...(files === undefined ? {} : { filesHash: sha256(files) }) }
}

function compareHash(what: string, recorded: Uint8Array, found: Uint8Array | undefined): void {
  const hash = found === undefined ? undefined : sha256(found)
  if (hash !== undefined && equalBytes(hash, recorded)) return
  const quoted = hash === undefined ? 'nothing, as it was not given' : toHex(hash)
  throw new RecordingError({ code: 'ERR_RECORDING_PROGRAM', what, recorded: toHex(recorded), found: quoted })
}
