import { FUEL_MAX, PAGE_SIZE } from '../limits.ts'
import { permissionTextSchema } from '../permission/permission.ts'
import { dictionary, list, optional, struct } from '../schema/compounds.ts'
import { flag, integer, literal, oneOf, text } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'
import { SchemaError } from '../schema/schema-error.ts'
import { type Agreement, agreementSchema, defaultAgreement } from './agreement.ts'
import { type Limits, limitsSchema } from './request.ts'

/** A WebAssembly file of a function package. */
export interface ManifestModule {
  /** Path inside the package. */
  readonly file: string
  readonly name: string
  readonly type: 'entry' | 'module'
  /** Lowercase hexadecimal, as existing tools write it; the package's CID is what protects the bytes. */
  readonly md5?: string
}

/**
 * `manifest.json` of a function package: what existing Blockless tools write, and below it what we added.
 *
 * Whatever is left out takes the node's defaults; whatever is not listed here is refused by name.
 */
export interface Manifest {
  readonly id?: string
  readonly version: 1
  readonly name: string
  readonly description?: string
  readonly hooks?: readonly string[]
  readonly entry?: string
  readonly contentType?: 'text' | 'html' | 'json'
  readonly fs_root_path?: string
  readonly drivers_root_path?: string
  readonly runtime_logger?: string
  readonly limited_fuel?: number
  readonly limited_memory?: number
  readonly modules: readonly ManifestModule[]
  /** What a run may do beyond computing; nothing if absent. */
  readonly permissions?: readonly string[]
  readonly runtime?: { readonly url: string; readonly checksum: string }
  /** Who agrees and how; four nodes if absent. */
  readonly agreement?: Agreement
  /** The most one run may use. */
  readonly limits?: Limits
  /** Environment variables that every run sees; never secrets, as the package is public. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether the function answers HTTP requests; true if absent. */
  readonly http?: boolean
  /** What its modules use beyond what all functions may: `threads` is shared memories and atomic instructions. */
  readonly features?: readonly 'threads'[]
}

/** Function names: what a host name label takes. */
export const FUNCTION_NAME: RegExp = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

// `s`, as a line break would else hide what follows it from the guard against `..`.
const PATH = /^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\0\\]{1,256}$/s
const path = text(256, PATH, 'a relative path')

/** Schema of {@link Manifest}. */
export const manifestSchema: Schema<Manifest> = struct({
  id: optional(text(256)),
  version: literal(1),
  name: text(63, FUNCTION_NAME, 'a name of a-z, 0-9 and inner hyphens'),
  description: optional(text(4096)),
  hooks: optional(list(text(256), 16)),
  entry: optional(text(256)),
  contentType: optional(oneOf(['text', 'html', 'json'] as const)),
  fs_root_path: optional(text(256)),
  drivers_root_path: optional(text(256)),
  runtime_logger: optional(text(256)),
  limited_fuel: optional(integer(1, FUEL_MAX)),
  limited_memory: optional(integer(1, PAGE_SIZE)),
  modules: list(
    struct({
      file: path,
      name: text(256),
      type: oneOf(['entry', 'module'] as const),
      md5: optional(text(32, /^[0-9a-f]{32}$/, 'an MD5 in lowercase hexadecimal')),
    }),
    64,
  ),
  permissions: optional(list(permissionTextSchema, 64)),
  runtime: optional(struct({ url: text(2048), checksum: text(128) })),
  agreement: optional(agreementSchema),
  limits: optional(limitsSchema),
  env: optional(dictionary(text(65_536), 256, /^[^=\0]{1,256}$/)),
  http: optional(flag()),
  features: optional(list(oneOf(['threads'] as const), 1)),
})

/** What a manifest comes to once defaults are filled in. */
export interface FunctionSettings {
  readonly name: string
  /** Path of the module inside the package. */
  readonly file: string
  readonly entry: string
  readonly limits: Limits
  readonly agreement: Agreement
  readonly permissions: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly contentType: 'text' | 'html' | 'json'
  readonly isHttp: boolean
  readonly features: readonly 'threads'[]
}

/**
 * Fills in what a manifest leaves out.
 *
 * @param limits - of a function that states none
 * @throws {SchemaError} if no module, or more than one, is the entry
 */
export function settingsOf(manifest: Manifest, limits: Limits): FunctionSettings {
  const entries = manifest.modules.filter(({ type }) => type === 'entry')
  const [module] = entries
  if (module === undefined || entries.length > 1) {
    throw new SchemaError('modules', 'exactly one module of type "entry"', manifest.modules)
  }
  const legacy = {
    ...(manifest.limited_fuel === undefined ? {} : { fuel: manifest.limited_fuel }),
    ...(manifest.limited_memory === undefined ? {} : { memoryBytes: manifest.limited_memory * PAGE_SIZE }),
  }
  return {
    name: manifest.name,
    file: module.file,
    entry: manifest.entry ?? '_start',
    limits: manifest.limits ?? { ...limits, ...legacy },
    agreement: manifest.agreement ?? defaultAgreement(NODES_DEFAULT),
    permissions: manifest.permissions ?? [],
    env: manifest.env ?? {},
    contentType: manifest.contentType ?? 'text',
    isHttp: manifest.http ?? true,
    features: manifest.features ?? [],
  }
}

/** Nodes that run a function which does not say: the fewest that outvote one liar and still stand one failure. */
const NODES_DEFAULT = 4
