import { isJsonObject, parseJson } from '../shared/json-text.ts'

/** What a guest wants started. */
export interface CgiRequest {
  readonly command: string
  readonly args: readonly string[]
  readonly envs: readonly { readonly name: string; readonly value: string }[]
}

const ARGS_MAX = 256
const ENVS_MAX = 256
/** Bytes of all arguments and variables together: what every system takes, several times over. */
const TEXT_SIZE_MAX = 98_304

/**
 * Reads the JSON of `cgi_open`: a command with `args` and `envs`, both optional. A variable is `env_name` and `env_val`,
 * as the existing runtime reads it, or `name` and `value`, as SDKs write it.
 *
 * @returns undefined if it is something else
 */
export function parseCgiRequest(bytes: Uint8Array): CgiRequest | undefined {
  const json = parseJson(decodeText(bytes))
  if (!isJsonObject(json) || typeof json['command'] !== 'string') return undefined
  const args = listOf(json['args'], ARGS_MAX, textOf)
  const envs = listOf(json['envs'], ENVS_MAX, variableOf)
  if (args === undefined || envs === undefined) return undefined
  const texts = [...args, ...envs.flatMap(({ name, value }) => [name, value])]
  const size = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0)
  return size <= TEXT_SIZE_MAX ? { command: json['command'], args, envs } : undefined
}

function listOf<T>(json: unknown, countMax: number, read: (item: unknown) => T | undefined): readonly T[] | undefined {
  if (json === undefined || json === null) return []
  if (!Array.isArray(json) || json.length > countMax) return undefined
  const items: readonly unknown[] = json
  const found = items.map(read).filter((item) => item !== undefined)
  return found.length === items.length ? found : undefined
}

/** Processes take no text with a zero byte. */
function textOf(item: unknown): string | undefined {
  return typeof item === 'string' && !item.includes('\0') && item.isWellFormed() ? item : undefined
}

function variableOf(item: unknown): { name: string; value: string } | undefined {
  if (!isJsonObject(item)) return undefined
  const name = textOf(item['env_name'] ?? item['name'])
  const value = textOf(item['env_val'] ?? item['value'])
  return name === undefined || value === undefined ? undefined : { name, value }
}

/** Text; empty, which is no JSON, if it is not UTF-8. */
function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return ''
  }
}
