import { HttpError } from '../http/http-error.ts'

/**
 * What to say of a request that failed on its way: a stable word, with nothing in it that a server chose.
 *
 * @throws the error itself if it is not one of the network, and so a bug of ours
 */
export function networkWord(error: unknown): string {
  if (error instanceof HttpError) return 'why' in error.details ? error.details.why : error.code
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code
  throw error
}
