/**
 * An operating error: something outside the program (a peer, a disk, an input, a limit) was not as it had to be.
 *
 * `code` is stable on the wire and in scripts, `details` holds the facts a program may act on, and the message says
 * what could not be done, what was found and what is needed. A wrong argument is a `TypeError` or `RangeError`
 * instead, and a broken assumption of our own is an {@link InvariantError}.
 *
 * @example
 * ```ts
 * import { CodedError } from '@blockless/core'
 * const error = new CodedError('ERR_FRAME_SIZE', 'Cannot read frame: 9 bytes announced, at most 8 allowed', { size: 9, sizeMax: 8 })
 * assert.equal(error.code, 'ERR_FRAME_SIZE')
 * assert.equal(error.details.sizeMax, 8)
 * ```
 */
export class CodedError<Code extends string = string, Details extends object = object> extends Error {
  readonly code: Code
  readonly details: Details

  constructor(code: Code, message: string, details?: Details, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.details = (details ?? {}) as Details
  }
}

/** A broken invariant: a bug of ours, never an input's fault. It is not caught; the unit that holds it crashes. */
export class InvariantError extends Error {
  constructor(fact: string) {
    super(`Invariant broken: ${fact}`)
    this.name = 'InvariantError'
  }
}

/**
 * Asserts a fact that the code after it relies on.
 *
 * @param condition - what must hold
 * @param fact - the fact as a sentence, for the crash report
 * @throws {InvariantError} if it does not hold
 */
export function invariant(condition: unknown, fact: string): asserts condition {
  if (!condition) throw new InvariantError(fact)
}

/** Whether `error` is a {@link CodedError}, with this code if one is given; works across package copies and threads. */
export function isCodedError(error: unknown, code?: string): error is CodedError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('ERR_') &&
    'details' in error &&
    (code === undefined || error.code === code)
  )
}
