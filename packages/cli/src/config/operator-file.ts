import { SchemaError } from '@blockless/core'
import { DEFAULT_OPERATOR, type OperatorConfig, operatorConfigSchema } from '@blockless/runtime'
import { readFileBounded } from '../io/read-files.ts'
import { ConfigError } from './config-error.ts'

/** A few kilobytes are usual; more is another file. */
const OPERATOR_FILE_SIZE_MAX = 1_048_576

/** What the command line says of an operator. */
export interface OperatorFlags {
  /** Absolute path of a JSON file; the defaults if absent. */
  readonly path: string | undefined
  /** Private addresses that functions may reach, beside those in the file. */
  readonly allowPrivate: readonly string[]
}

/**
 * What functions may reach from nodes of this operator.
 *
 * @throws {FileError} if the file cannot be read
 * @throws {ConfigError} naming the key that is wrong
 */
export async function readOperator({ path, allowPrivate }: OperatorFlags): Promise<OperatorConfig> {
  const config = path === undefined ? DEFAULT_OPERATOR : await readConfig(path)
  const { permissions } = config
  const all = [...(permissions.allowPrivate ?? []), ...allowPrivate]
  return parseOperator(path ?? '--allow-private', { ...config, permissions: { ...permissions, allowPrivate: all } })
}

async function readConfig(path: string): Promise<OperatorConfig> {
  const content = await readFileBounded(path, OPERATOR_FILE_SIZE_MAX)
  try {
    return parseOperator(path, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)))
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof TypeError)) throw cause
    throw new ConfigError({ path, problem: `it is not JSON: ${cause.message}` }, { cause })
  }
}

function parseOperator(path: string, value: unknown): OperatorConfig {
  try {
    return operatorConfigSchema.fromJson(value, '')
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause
    const { path: key, expected, found } = cause.details
    throw new ConfigError({ path, problem: `"${key}": ${expected} expected, got ${found}` }, { cause })
  }
}
