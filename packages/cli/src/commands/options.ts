import { isAbsolute, resolve } from 'node:path'
import { protocolLimits } from '@blockless/core'
import { UsageError } from '../errors/cli-error.ts'
import type { Io } from '../io/io.ts'
import { readFileBounded, readStdinBounded } from '../io/read-files.ts'

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, kib: 1_024, mib: 1_048_576, gib: 1_073_741_824 }
const TIME_UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1_000, m: 60_000 }

/** Reads `KEY=VALUE`s; a value may hold `=` and spaces. @throws {UsageError} */
export function parseEnv(pairs: readonly string[] = []): Readonly<Record<string, string>> {
  const env: Record<string, string> = {}
  for (const pair of pairs) {
    const mark = pair.indexOf('=')
    if (mark < 1) throw new UsageError(`Cannot use --env "${pair}": KEY=VALUE is needed`)
    env[pair.slice(0, mark)] = pair.slice(mark + 1)
  }
  return env
}

/** Reads a size such as `64MiB` or `65536`. @returns bytes @throws {UsageError} */
export function parseSize(option: string, value: string): number {
  return parseQuantity(option, value, SIZE_UNITS, 'a size such as 64MiB')
}

/** Reads a duration such as `500ms` or `10s`; a bare number is milliseconds. @returns milliseconds @throws {UsageError} */
export function parseDuration(option: string, value: string): number {
  return parseQuantity(option, value, TIME_UNITS, 'a duration such as 500ms or 10s')
}

/** Reads a whole number, 1 or more; `_` and `,` between digits are passed over. @throws {UsageError} */
export function parseCount(option: string, value: string): number {
  return parseQuantity(option, value.replaceAll(/[_,]/g, ''), { '': 1 }, 'a whole number, 1 or more')
}

function parseQuantity(option: string, value: string, units: Readonly<Record<string, number>>, what: string): number {
  const match = /^(\d{1,16}(?:\.\d{1,6})?)\s*([A-Za-z]*)$/.exec(value)
  const unit = units[match?.[2]?.toLowerCase() ?? '']
  const quantity = Number(match?.[1]) * (unit ?? Number.NaN)
  if (Number.isSafeInteger(quantity) && quantity > 0) return quantity
  throw new UsageError(`Cannot use ${option} "${value}": ${what} is needed`)
}

/**
 * The stdin of a function: `-` is all of our own, `@file` a file, anything else the text itself.
 *
 * @param option - undefined takes our own stdin if something is piped into it
 */
export async function readGuestStdin(io: Io, option: string | undefined): Promise<Uint8Array> {
  const sizeMax = protocolLimits.STDIN_SIZE_MAX
  if (option === '-') return await readStdinBounded(io, sizeMax)
  if (option?.startsWith('@') === true) return await readFileBounded(resolvePath(io, option.slice(1)), sizeMax)
  return new TextEncoder().encode(option ?? '')
}

/** An absolute path of one given on the command line. */
export function resolvePath(io: Io, path: string): string {
  return isAbsolute(path) ? path : resolve(io.cwd, path)
}
