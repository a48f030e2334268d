import { open } from 'node:fs/promises'

/** Where an operator keeps a key, so that it is not in the configuration itself. */
export type SecretSource = { readonly environment: string } | { readonly file: string }

/** Keys and tokens are far shorter; a file that is longer is another one. */
const SECRET_SIZE_MAX = 16_384

/**
 * Reads a key: one line, without the white space around it; a scheme such as `Bearer` may be in front.
 *
 * @param environment - variables of the process
 * @throws {RangeError} if there is none, or it cannot go into a header; the message names the place, never the key
 */
export async function readSecret(
  source: SecretSource,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const place = 'file' in source ? `file "${source.file}"` : `variable "${source.environment}"`
  const text = 'file' in source ? await readStart(source.file) : environment[source.environment]
  const secret = text?.trim() ?? ''
  if (secret === '') throw new RangeError(`Cannot read secret: ${place} is empty or not there, a key is needed`)
  if (!/^[\x21-\x7e]+(?: [\x21-\x7e]+)?$/.test(secret) || secret.length > SECRET_SIZE_MAX) {
    throw new RangeError(`Cannot read secret: ${place} holds no single line of printable ASCII`)
  }
  return secret
}

/** A little more than a key may have, so that one that is too long shows. */
async function readStart(path: string): Promise<string> {
  await using file = await open(path)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(SECRET_SIZE_MAX + 2))
  return buffer.toString('utf8', 0, bytesRead)
}
