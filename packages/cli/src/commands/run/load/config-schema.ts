import {
  CodedError,
  dictionary,
  integer,
  type Limits,
  limitsSchema,
  list,
  oneOf,
  optional,
  protocolLimits,
  type Schema,
  SchemaError,
  struct,
  text,
} from '@blockless/core'

/** A module of a configuration. */
export interface ConfigModule {
  readonly file: string
  readonly name: string
  readonly type: 'entry' | 'module'
  readonly md5?: string
}

/** What a configuration of the existing runtime, or a function's manifest, says about running it. */
export interface RunConfig {
  readonly version?: number
  readonly entry?: string
  readonly modules?: readonly ConfigModule[]
  readonly fs_root_path?: string
  readonly drivers_root_path?: string
  readonly runtime_logger?: string
  readonly limited_fuel?: number
  readonly limited_memory?: number
  readonly max_memory_size?: number
  readonly run_time?: number
  readonly stdin?: string
  readonly stdout?: string
  readonly stderr?: string
  readonly permissions?: readonly string[]
  readonly map_dirs?: readonly { readonly host: string; readonly guest: string }[]
  readonly envs?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly limits?: Limits
  readonly features?: readonly 'threads'[]
  readonly runtime?: { readonly url: string; readonly checksum: string }
}

const { FUEL_MAX, MEMORY_SIZE_MAX, PAGE_SIZE } = protocolLimits
const RUN_TIME_MS_MAX = 0x7fff_ffff
const path = text(4096)
const variables = dictionary(text(65_536), 256, /^[^=\0]{1,256}$/)

const KEYS: Readonly<Record<keyof RunConfig, Schema<unknown>>> = {
  version: integer(0, 1),
  entry: path,
  modules: list(
    struct({
      file: path,
      name: text(256),
      type: oneOf(['entry', 'module'] as const),
      md5: optional(text(32, /^[0-9a-f]{32}$/i, 'an MD5 in hexadecimal')),
    }),
    64,
  ),
  fs_root_path: path,
  drivers_root_path: path,
  runtime_logger: path,
  limited_fuel: integer(1, FUEL_MAX),
  limited_memory: integer(1, PAGE_SIZE),
  max_memory_size: integer(PAGE_SIZE, MEMORY_SIZE_MAX),
  run_time: integer(1, RUN_TIME_MS_MAX),
  stdin: text(protocolLimits.STDIN_SIZE_MAX),
  stdout: path,
  stderr: path,
  permissions: list(text(2048), 256),
  map_dirs: list(struct({ host: path, guest: path }), 16),
  envs: { ...variables, fromJson: (json, at) => variables.fromJson(pairsOf(json), at) },
  env: variables,
  limits: limitsSchema,
  features: list(oneOf(['threads'] as const), 1),
  runtime: struct({ url: text(2048), checksum: text(128) }),
}

/** Keys that are known and say nothing about a run here. */
const SILENT: readonly string[] = [
  ...['id', 'name', 'description', 'hooks', 'contentType', 'agreement', 'http'],
  ...['debug_info', 'optimize', 'extensions_path', 'runtime_logger_level'],
]

/** A value in a configuration that is not what it should be. */
export class ConfigValueError extends CodedError<'ERR_CONFIG', { readonly key: string }> {}

/**
 * Reads a configuration. Keys that mean nothing are named in a warning, as they do no harm and files of existing tools
 * have some.
 *
 * @throws {ConfigValueError} naming the value that is wrong
 */
export function readRunConfig(json: unknown): { readonly config: RunConfig; readonly warnings: readonly string[] } {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ConfigValueError('ERR_CONFIG', 'it is no JSON object', { key: '' })
  }
  const config: Record<string, unknown> = {}
  const warnings: string[] = []
  for (const [key, value] of Object.entries(json)) {
    if (value === null || SILENT.includes(key)) continue
    const schema = Object.hasOwn(KEYS, key) ? KEYS[key as keyof RunConfig] : undefined
    if (schema !== undefined) config[key] = read(schema, key, value)
    else warnings.push(warningOf(key, value))
  }
  return { config: config as RunConfig, warnings: warnings.filter((warning) => warning !== '') }
}

function read(schema: Schema<unknown>, key: string, value: unknown): unknown {
  try {
    return schema.fromJson(value, key)
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause
    const { path: at, expected, found } = cause.details
    throw new ConfigValueError('ERR_CONFIG', `"${at}": ${expected} expected, got ${found}`, { key: at }, { cause })
  }
}

function warningOf(key: string, value: unknown): string {
  if (key === 'drivers') {
    const isEmpty = Array.isArray(value) && value.length === 0
    return isEmpty ? '' : '"drivers" has no effect: install drivers with "bls extension add"'
  }
  const near = Object.keys(KEYS).find(
    (known) => known.replaceAll('_', '') === key.replaceAll(/[_-]/g, '').toLowerCase(),
  )
  return `"${key}" has no effect: there is no such key${near === undefined ? '' : `, did you mean "${near}"?`}`
}

/** Variables as an object, as `KEY=VALUE`s, or as pairs. */
function pairsOf(json: unknown): unknown {
  if (!Array.isArray(json)) return json
  const entries = json.map((entry: unknown): readonly [unknown, unknown] => {
    if (typeof entry === 'string') return [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]
    if (Array.isArray(entry)) return [entry[0], entry[1]]
    const { name, env_name: envName, value, env_val: envValue } = Object(entry)
    return [name ?? envName, value ?? envValue]
  })
  return Object.fromEntries(entries)
}
