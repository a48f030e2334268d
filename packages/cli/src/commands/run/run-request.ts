import { openSync, writeSync } from 'node:fs'
import { parseEnv as parseEnvFile } from 'node:util'
import {
  type ExecutionInput,
  fromHex,
  type Limits,
  type Logger,
  protocolLimits,
  sha256,
  silentLogger,
  systemClock,
  systemRandom,
  toUtf8,
} from '@blockless/core'
import { FileError, UsageError } from '../../errors/cli-error.ts'
import type { Io } from '../../io/io.ts'
import { readFileBounded } from '../../io/read-files.ts'
import { createLogger } from '../../up/logger.ts'
import { parseCount, parseDuration, parseEnv, parseSize, readGuestStdin, resolvePath } from '../options.ts'
import type { LoadedRun } from './load/loaded-run.ts'
import type { RunFlags } from './run-flags.ts'

/** Bytes of the seed of a run's randomness. */
const SEED_SIZE = 32
const ENV_FILE_SIZE_MAX = 4_194_304
/** Output travels in one frame. */
const OUTPUT_SIZE_MAX = 16_777_216
/** Whoever pipes something in does so by then, and who does not may wonder why nothing happens. */
const STDIN_WAIT_MS = 2_000
/** Longest time that a timer of Node takes: 24 days. */
const DEADLINE_MS_MAX = 0x7fff_ffff

/** What a run may use: flags before the input's own limits. */
export function limitsOf(flags: RunFlags, limits: Limits): Limits {
  const fuel = flags.fuel ?? flags.limitedFuel
  const fuelFlag = flags.fuel === undefined ? '--limited-fuel' : '--fuel'
  const memoryBytes = memoryOf(flags)
  const deadlineMs =
    flags.deadline === undefined
      ? flags.runTime && parseCount('--run-time', flags.runTime)
      : parseDuration('--deadline', flags.deadline)
  return {
    fuel: fuel === undefined ? limits.fuel : parseCount(fuelFlag, fuel),
    memoryBytes: within('--memory', memoryBytes ?? limits.memoryBytes, protocolLimits.MEMORY_SIZE_MAX),
    outputBytes: within(
      '--output',
      flags.output === undefined ? limits.outputBytes : parseSize('--output', flags.output),
      OUTPUT_SIZE_MAX,
    ),
    deadlineMs: within('--deadline', deadlineMs || limits.deadlineMs, DEADLINE_MS_MAX),
  }
}

function memoryOf({ memory, limitedMemory, maxMemorySize }: RunFlags): number | undefined {
  if (memory !== undefined) return parseSize('--memory', memory)
  const pages = limitedMemory === undefined ? Number.POSITIVE_INFINITY : parseCount('--limited-memory', limitedMemory)
  const bytes = maxMemorySize === undefined ? Number.POSITIVE_INFINITY : parseSize('--max-memory-size', maxMemorySize)
  const smaller = Math.min(pages * protocolLimits.PAGE_SIZE, bytes)
  return Number.isFinite(smaller) ? smaller : undefined
}

function within(flag: string, value: number, max: number): number {
  if (value <= max) return value
  throw new UsageError(`Cannot use ${flag}: ${value} is more than ${max}, the most there can be`)
}

/** What the function is given to read. @throws {UsageError | FileError} */
export async function inputOf(
  io: Io,
  loaded: LoadedRun,
  { flags, args }: { readonly flags: RunFlags; readonly args: readonly string[] },
): Promise<ExecutionInput> {
  const file = flags.envFile === undefined ? {} : await readEnvFile(resolvePath(io, flags.envFile))
  const env = { ...loaded.env, ...file, ...parseEnv(flags.env) }
  return { args, env, stdin: await stdinOf(io, flags.stdin, loaded.stdin) }
}

async function stdinOf(io: Io, flag: string | undefined, fixed: string | undefined): Promise<Uint8Array> {
  if (flag === undefined && fixed !== undefined) return toUtf8(fixed)
  const ours = io.stdin.isTty ? undefined : '-'
  const option = flag === undefined || flag === 'inherit' ? ours : flag
  const cancel = systemClock.schedule(STDIN_WAIT_MS, () => {
    if (option === '-' && io.stderr.isTty) io.stderr.write("waiting for the end of stdin; --stdin '' gives none\n")
  })
  try {
    return await readGuestStdin(io, option)
  } finally {
    cancel()
  }
}

async function readEnvFile(path: string): Promise<Readonly<Record<string, string>>> {
  const content = new TextDecoder().decode(await readFileBounded(path, ENV_FILE_SIZE_MAX))
  return parseEnvFile(content) as Record<string, string>
}

/** Where a run's randomness begins: as given, drawn from a text, or fresh. */
export function seedOf(text: string | undefined): Uint8Array {
  if (text === undefined) return systemRandom.bytes(SEED_SIZE)
  return /^[0-9a-f]{64}$/i.test(text) ? fromHex(text.toLowerCase()) : sha256(toUtf8(text))
}

/** Where a run's clock begins, in milliseconds since 1970. @throws {UsageError} if it is no time */
export function timestampOf(io: Io, text: string | undefined): number {
  if (text === undefined) return io.now()
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isSafeInteger(ms) && ms >= 0 && ms <= 8_640_000_000_000_000) return ms
  throw new UsageError(
    `Cannot use --timestamp "${text}": milliseconds since 1970 are needed, or a date such as 2026-01-31T12:00:00Z`,
  )
}

/** A logger that appends to a file as long as the process lives; one that drops everything without a path. */
export function loggerOf(path: string | undefined): Logger {
  if (path === undefined) return silentLogger
  const descriptor = openLog(path) // once, as a function that may write beside it could make the path lead elsewhere
  return createLogger({ level: 'debug', write: (line) => void writeSync(descriptor, line) })
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a')
  } catch (cause) {
    throw new FileError('write', path, cause)
  }
}
