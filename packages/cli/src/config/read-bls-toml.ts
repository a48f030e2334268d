import { join } from 'node:path'
import { SchemaError } from '@blockless/core'
import { parse, TomlError } from 'smol-toml'
import { TOML_SIZE_MAX } from '../defaults.ts'
import { FileError } from '../errors/cli-error.ts'
import { readFileBounded } from '../io/read-files.ts'
import { type BlsToml, blsTomlSchema } from './bls-toml.ts'
import { ConfigError } from './config-error.ts'

/** Name of a project's configuration file. */
export const BLS_TOML = 'bls.toml'

/**
 * Reads a project's `bls.toml`.
 *
 * @param folder - absolute
 * @throws {ConfigError} with the line or the key that is wrong
 * @throws {FileError} if there is no such file
 */
export async function readBlsToml(folder: string): Promise<BlsToml> {
  const path = join(folder, BLS_TOML)
  const content = await readFileBounded(path, TOML_SIZE_MAX).catch((error: unknown) => {
    if (!(error instanceof FileError) || !error.message.endsWith('does not exist')) throw error
    throw new FileError('read', path, error.cause, '"bls init <folder>" makes a project; or name its folder')
  })
  return parseBlsToml(path, content)
}

/** Reads the bytes of a `bls.toml`; `path` is for messages. @throws {ConfigError} */
export function parseBlsToml(path: string, content: Uint8Array): BlsToml {
  const toml = blsTomlOf(path, parseToml(path, content))
  if (toml.type === 'site') {
    throw new ConfigError({
      path,
      problem: 'type "site" is not offered yet, "function" is',
      hint: 'a function can answer HTTP requests with HTML',
    })
  }
  return toml
}

function parseToml(path: string, content: Uint8Array): unknown {
  try {
    return parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch (cause) {
    if (cause instanceof TomlError) {
      const problem = cause.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? 'it is not TOML'
      throw new ConfigError({ path, line: cause.line, problem }, { cause })
    }
    if (cause instanceof TypeError) throw new ConfigError({ path, problem: 'it is not UTF-8' }, { cause })
    throw cause
  }
}

function blsTomlOf(path: string, value: unknown): BlsToml {
  try {
    return blsTomlSchema.fromJson(plain(value), '')
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause
    const { path: key, expected, found } = cause.details
    const problem = expected.startsWith('no such field')
      ? `unknown key "${key}": ${expected
          .replace('no such field', '')
          .trim()
          .replace(/^\((.*)\)$/s, '$1')}`
      : `"${key}": ${expected} expected, got ${found}`
    throw new ConfigError({ path, problem }, { cause })
  }
}

/** Tables of the parser have no prototype of their own kind; the schema wants plain objects. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]))
}
