import { isJsonObject, parseJson } from '../shared/json-text.ts'
import { ExtensionError } from './extension-error.ts'
import { ExtensionProcess } from './extension-process.ts'
import type { ProcessLimits } from './process-limits.ts'
import { ALIAS, DESCRIPTION_LENGTH_MAX, ENV_NAME, ENVS_MAX } from './registry.ts'

/** What an executable says of itself. */
export interface Introduction {
  readonly alias: string
  readonly description: string
  /** Variables that guests may set. */
  readonly envs: readonly string[]
}

/** A program to be asked. */
export interface Candidate {
  /** Where the operator has it, for people. */
  readonly path: string
  /** The copy that is started. */
  readonly file: string
  readonly folder: string
  readonly md5: string
}

const ARGUMENT = '--ext_verify'
/** Milliseconds: it only prints a line, but an interpreter on a busy machine takes seconds to start. */
const DEADLINE_MS = 10_000
/** Bytes of its answer. */
const ANSWER_SIZE_MAX = 65_536
/** Characters of an answer that an error shows. */
const SHOWN_MAX = 120
const LIMITS: ProcessLimits = { cpuSeconds: 5, memoryBytes: 2 * 1024 ** 3, fileBytes: 1024 * 1024, filesMax: 256 }

/**
 * Starts a program with `--ext_verify`, as the existing runtime does, and reads what it is.
 *
 * @throws {ExtensionError} `ERR_EXTENSION_HANDSHAKE` if it is no extension; rejects with the signal's reason
 */
export async function shakeHands(candidate: Candidate, signal?: AbortSignal): Promise<Introduction> {
  const { path, file, folder, md5 } = candidate
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  const process = await ExtensionProcess.start(path, { file, args: [ARGUMENT], env: {}, folder, limits: LIMITS })
  try {
    const answer = await readAnswer(process, path, either)
    if (answer.trim() === '') refuse(path, `it answered nothing${await complaintOf(process, either)}`)
    return readIntroduction(path, answer, md5)
  } catch (error) {
    signal?.throwIfAborted()
    if (deadline.aborted) refuse(path, `it did not answer within ${DEADLINE_MS} ms`)
    throw error
  } finally {
    await process.close()
  }
}

async function readAnswer(process: ExtensionProcess, path: string, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { status, bytes } = await process.read('stdout', ANSWER_SIZE_MAX, signal)
    if (status !== 'ok' || bytes.length === 0) break
    size += bytes.length
    if (size > ANSWER_SIZE_MAX) refuse(path, `it answered with more than ${ANSWER_SIZE_MAX} bytes`)
    parts.push(bytes)
  }
  return new TextDecoder().decode(Buffer.concat(parts))
}

/** What it says on stderr: a missing interpreter or library is told there. */
async function complaintOf(process: ExtensionProcess, signal: AbortSignal): Promise<string> {
  const { bytes } = await process.read('stderr', ANSWER_SIZE_MAX, signal)
  const text = shortened(new TextDecoder().decode(bytes))
  return text === '' ? '' : ` but "${text}" on stderr`
}

function shortened(text: string): string {
  return text.trim().slice(0, SHOWN_MAX)
}

function readIntroduction(path: string, text: string, md5: string): Introduction {
  const answer = parseJson(text)
  if (!isJsonObject(answer)) refuse(path, `it answered "${shortened(text)}"`)
  const { alias, description = '', is_cgi: isCgi, envs = [], md5: ownMd5 } = answer
  if (isCgi !== true) refuse(path, 'it did not say "is_cgi": true')
  if (typeof alias !== 'string' || !ALIAS.test(alias))
    refuse(path, 'its alias is not letters, digits, ".", "_" and "-"')
  const isText = typeof description === 'string' && description.length <= DESCRIPTION_LENGTH_MAX
  if (!isText || !description.isWellFormed()) refuse(path, 'its description is no text of at most 1024 characters')
  if (!isNames(envs)) refuse(path, 'its "envs" are not names of variables')
  if (ownMd5 !== undefined && ownMd5 !== '' && ownMd5 !== md5) refuse(path, 'it gave the MD5 of another file')
  return { alias, description, envs }
}

function isNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= ENVS_MAX &&
    value.every((name) => typeof name === 'string' && ENV_NAME.test(name))
  )
}

function refuse(path: string, why: string): never {
  throw new ExtensionError({ code: 'ERR_EXTENSION_HANDSHAKE', path, why })
}
