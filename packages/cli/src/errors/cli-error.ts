import { CodedError } from '@blockless/core'

/** Something that a command cannot go on with; `hint` says what to do, in a sentence without a capital. */
export class CliError<Details extends object = object> extends CodedError<string, Details> {
  readonly hint: string | undefined

  constructor(code: string, message: string, details: Details & { readonly hint?: string }, options?: ErrorOptions) {
    const { hint, ...facts } = details
    super(code, message, facts as unknown as Details, options)
    this.hint = hint
  }
}

/** The command line or a configuration file is wrong. */
export class UsageError extends CliError {
  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super('ERR_USAGE', message, hint === undefined ? {} : { hint }, options)
  }
}

/** A file or folder that cannot be used. */
export class FileError extends CliError<{ readonly path: string; readonly problem: string }> {
  /** @param verb - such as `read`; @param cause - of node:fs */
  constructor(verb: string, path: string, cause: unknown, hint?: string) {
    const problem = describeFileProblem(cause)
    const details = { path, problem, ...(hint === undefined ? {} : { hint }) }
    super('ERR_FILE', `Cannot ${verb} "${path}": ${problem}`, details, { cause })
  }
}

/** The user does not want it any more. */
export class CancelledError extends CodedError<'ERR_CANCELLED', { readonly signal: string }> {
  constructor(signal: string) {
    super('ERR_CANCELLED', 'Cannot go on: interrupted', { signal })
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder, a file is needed',
  ENOTDIR: 'a part of its path is a file',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
  EFBIG: 'it is too large',
}

function describeFileProblem(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return PROBLEMS[code] ?? cause.message
}
