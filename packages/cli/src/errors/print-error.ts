import { isCodedError } from '@blockless/core'
import { CommanderError } from 'commander'
import { EXIT_CODES } from '../exit-codes.ts'
import type { Io } from '../io/io.ts'
import { safeText, styleFor } from '../io/style.ts'

/** How an error is shown. */
interface PrintErrorOptions {
  readonly isJson: boolean
  readonly isDebug: boolean
}

/** What an error comes to for the outside. */
interface ReportedError {
  readonly code: string
  readonly message: string
  readonly details: object
  readonly hint: string | undefined
  readonly exitCode: number
}

/** Hints for errors of other packages; ours bring their own. */
const HINTS: Readonly<Record<string, string>> = {
  ERR_FUNCTION_UNKNOWN: '"bls status" lists the functions that are deployed; "bls deploy" deploys one',
  ERR_REQUEST_UNKNOWN: '"bls explain" without a request tells the latest one',
  ERR_SUBNET_TOO_SMALL: 'start more workers, or lower "nodes" in bls.toml',
  ERR_NOT_ENOUGH_ANSWERS: '"bls explain" tells what each node said',
  ERR_DIVERGED: '"bls explain" shows where the results differ; does the function use time, randomness or the network?',
  ERR_HEAD_BUSY: 'try again shortly',
}

/** Hints for what commander refuses. */
const USAGE_HINTS: Readonly<Record<string, string>> = {
  'commander.unknownOption': 'see --help; arguments of a function that start with a dash come after "--"',
  'commander.unknownCommand': '"bls --help" lists the commands',
}

const UNREACHABLE = new Set(['ERR_GATEWAY_UNREACHABLE', 'ERR_GATEWAY_TIMEOUT', 'ERR_GATEWAY_ANSWER'])
const FAILED = new Set(['ERR_BUILD', 'ERR_MODULE', 'ERR_RECEIPT_INVALID'])
const USAGE = new Set(['ERR_USAGE', 'ERR_CONFIG'])

/** Code, message, hint and exit code of anything thrown. */
function reportError(error: unknown): ReportedError {
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '')
    return { code: 'ERR_USAGE', message, details: {}, hint: USAGE_HINTS[error.code], exitCode: EXIT_CODES.usage }
  }
  if (isCodedError(error)) {
    const { code, message, details } = error
    const own = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
    const wired = 'hint' in details && typeof details.hint === 'string' ? details.hint : undefined
    return { code, message, details, hint: own ?? wired ?? HINTS[code], exitCode: exitCodeOf(error) }
  }
  const message = error instanceof Error ? error.message : String(error)
  const hint = 'this is a bug in bls; run again with --debug and report what it prints'
  return { code: 'ERR_INTERNAL', message, details: {}, hint, exitCode: EXIT_CODES.bug }
}

/** Prints an error on stderr. @returns the exit code of the process */
export function printError(io: Io, error: unknown, { isJson, isDebug }: PrintErrorOptions): number {
  const { code, message, details, hint, exitCode } = reportError(error)
  if (isJson) {
    const body = { code, message, details, ...(hint === undefined ? {} : { hint }) }
    io.stderr.write(`${JSON.stringify({ error: body })}\n`)
  } else {
    const style = styleFor(io, io.stderr)
    io.stderr.write(`${style.red('error:')} ${safeText(message)}\n${style.dim('code:')} ${code}\n`)
    if (hint !== undefined) io.stderr.write(`${style.cyan('hint:')} ${safeText(hint)}\n`)
  }
  if (isDebug && error instanceof Error) io.stderr.write(`${describeStacks(error)}\n`)
  return exitCode
}

function exitCodeOf(error: Error & { readonly code: string }): number {
  const { code } = error
  if (code === 'ERR_CANCELLED') return EXIT_CODES.cancelled
  if (UNREACHABLE.has(code)) return EXIT_CODES.unreachable
  if (USAGE.has(code)) return EXIT_CODES.usage
  if (FAILED.has(code)) return EXIT_CODES.failed
  if (code === 'ERR_REQUEST_UNKNOWN') return EXIT_CODES.refused
  if (code === 'ERR_FILE') return EXIT_CODES.files
  // Errors with an HTTP status are what the gateway refused; of the rest, modules and packages of ours are unusable.
  return 'status' in error ? EXIT_CODES.refused : EXIT_CODES.failed
}

function describeStacks(error: Error): string {
  const stack = error.stack ?? error.message
  return error.cause instanceof Error ? `${stack}\ncaused by ${describeStacks(error.cause)}` : stack
}
