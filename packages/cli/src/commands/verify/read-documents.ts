import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  decodeCanonical,
  type ExecutionInput,
  executionInputSchema,
  isCodedError,
  type Network,
  networkSchema,
  type Schema,
  type Subnet,
  subnetSchema,
  toUtf8,
} from '@blockless/core'
import { stateFolders } from '../../config/state-files.ts'
import { DOCUMENT_SIZE_MAX } from '../../defaults.ts'
import { UsageError } from '../../errors/cli-error.ts'
import type { Io } from '../../io/io.ts'
import { readFileBounded, readStdinBounded } from '../../io/read-files.ts'
import { resolvePath } from '../options.ts'

/**
 * Reads a receipt: JSON or canonical bytes, told apart by the first character; `-` is stdin.
 *
 * What `bls invoke --json` prints is taken too. Nothing is checked here, that is what verifying is for.
 *
 * @returns what `verifyReceipt` takes
 */
export async function readReceiptSource(io: Io, source: string): Promise<unknown> {
  const content =
    source === '-'
      ? await readStdinBounded(io, DOCUMENT_SIZE_MAX)
      : await readFileBounded(resolvePath(io, source), DOCUMENT_SIZE_MAX)
  const json = content[0] === OPENING_BRACE ? parseJson(content, source) : tryParseJson(content)
  if (json === undefined) return content
  const isAnswer = typeof json === 'object' && json !== null && 'receipt' in json && !('votes' in json)
  return isAnswer ? json.receipt : json
}

/** The network of a `bls up` in this folder or one above, and where it is written; undefined if there is none. */
export async function findLocalNetwork(
  io: Io,
): Promise<{ readonly path: string; readonly network: Network } | undefined> {
  for (const folder of stateFolders(io.cwd)) {
    const path = join(folder, 'network.json')
    const content = await readFile(path).catch(() => undefined)
    if (content !== undefined) return { path, network: await readNetwork(io, path) }
  }
  return undefined
}

/** Reads the network's genesis from JSON. @throws {UsageError} if it is none */
export async function readNetwork(io: Io, path: string): Promise<Network> {
  return await readDocument(io, { option: '--network', path, schema: networkSchema })
}

/** Reads the record of a draw, JSON or canonical bytes. @throws {UsageError} if it is none */
export async function readSubnet(io: Io, path: string): Promise<Subnet> {
  return await readDocument(io, { option: '--subnet', path, schema: subnetSchema })
}

/** Reads what a run was given: `{"args": [], "env": {}, "stdin": "text" | {"base64": "…"}}`, each optional. */
export async function readInput(io: Io, path: string): Promise<ExecutionInput> {
  return await readDocument(io, { option: '--input', path, schema: inputSchema })
}

const inputSchema: Schema<ExecutionInput> = {
  ...executionInputSchema,
  fromJson(json, path) {
    const given = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
    return executionInputSchema.check({ args: [], env: {}, ...given, stdin: stdinOf(given['stdin']) }, path)
  },
}

function stdinOf(json: unknown): unknown {
  if (json === undefined) return new Uint8Array(0)
  if (typeof json === 'string') return toUtf8(json)
  const isBase64 = typeof json === 'object' && json !== null && 'base64' in json && typeof json.base64 === 'string'
  return isBase64 ? Uint8Array.from(Buffer.from(json.base64 as string, 'base64')) : json
}

interface DocumentSource<T> {
  readonly option: string
  readonly path: string
  readonly schema: Schema<T>
}

async function readDocument<T>(io: Io, { option, path, schema }: DocumentSource<T>): Promise<T> {
  const content = await readFileBounded(resolvePath(io, path), DOCUMENT_SIZE_MAX)
  const json = tryParseJson(content)
  try {
    return json === undefined ? decodeCanonical(content, schema) : schema.fromJson(json, '')
  } catch (cause) {
    if (!isCodedError(cause)) throw cause
    throw new UsageError(`Cannot use ${option} "${path}": ${cause.message}`, undefined, { cause })
  }
}

/** Canonical bytes of a map never begin with a brace, so what does is meant to be JSON. */
const OPENING_BRACE = 0x7b

function parseJson(content: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)) as unknown
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`Cannot read receipt "${source}": it is not JSON: ${reason}`, undefined, { cause })
  }
}

function tryParseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)) as unknown
  } catch {
    return undefined // canonical bytes, or nothing of ours: the reader of bytes says which
  }
}
