import type { Program, Recording, RunReport, RunRequest } from '@blockless/runtime'
import { CliError } from '../../errors/cli-error.ts'
import { readFileBounded } from '../../io/read-files.ts'

/** Rights of a recording: for its owner alone, as it holds the input and what the world told the run. */
export const RECORDING_MODE = 0o600

/** A run that was made. */
export interface MadeRun {
  readonly program: Program
  readonly request: RunRequest
  readonly report: RunReport
}

/** The bytes of a run's recording. @throws {RecordingError} if it is too large */
export async function encodeRun({ program, request, report }: MadeRun): Promise<Uint8Array> {
  const { createRecording, encodeRecording } = await import('@blockless/runtime')
  return encodeRecording(createRecording(program, request, report))
}

/** Reads a run that was written down. @throws {FileError | CliError} saying what is wrong with the file */
export async function readRecording(path: string): Promise<Recording> {
  const { decodeRecording, RECORDING_SIZE_MAX, RecordingError } = await import('@blockless/runtime')
  const encoded = await readFileBounded(path, RECORDING_SIZE_MAX)
  try {
    return decodeRecording(encoded)
  } catch (cause) {
    if (!(cause instanceof RecordingError)) throw cause
    const message = cause.message.replace('recording', `recording "${path}"`)
    throw new CliError(cause.code, message, { ...cause.details, path }, { cause })
  }
}

/** @throws {CliError} `ERR_REPLAY_DIFFERS` if a replay came out differently */
export async function checkSame(recording: Recording, report: RunReport): Promise<void> {
  const { findDifferences } = await import('@blockless/runtime')
  const parts = findDifferences(recording, report)
  if (parts.length === 0) return
  const message = `Cannot vouch for replay: its ${parts.join(', ')} differ from the recording's, and nothing should`
  const hint = 'was it recorded by another version of bls? record it again with this one'
  throw new CliError('ERR_REPLAY_DIFFERS', message, { parts, hint })
}
