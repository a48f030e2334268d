import {
  type Agreement,
  DEFAULT_LIMITS,
  defaultAgreement,
  dictionary,
  FUNCTION_NAME,
  flag,
  integer,
  type Limits,
  list,
  oneOf,
  optional,
  permissionTextSchema,
  protocolLimits,
  type Schema,
  struct,
  text,
} from '@blockless/core'

/** How a function is compiled. */
export interface BuildSection {
  /** Folder of the result, relative to the project. Default: `build`. */
  readonly dir?: string
  /** The module's file inside `dir`. */
  readonly entry: string
  /** Run by the shell in the project's folder; none means that the module is there already. */
  readonly command?: string
  /** Of sites, which are not offered yet. */
  readonly public_dir?: string
}

/** How a function is deployed; the names are those of existing files, then ours. */
interface DeploymentSection {
  readonly nodes?: number
  readonly permissions?: readonly string[]
  readonly consensus?: Agreement['kind']
  /** Equal results needed. */
  readonly threshold?: number
  readonly http?: boolean
  readonly features?: readonly 'threads'[]
  readonly env?: Readonly<Record<string, string>>
  readonly limits?: {
    readonly fuel?: number
    readonly memory_bytes?: number
    readonly output_bytes?: number
    readonly deadline_ms?: number
  }
}

/** `bls.toml`, as existing Blockless projects have it, and what we added. */
export interface BlsToml {
  readonly name: string
  readonly version?: string
  readonly type?: 'function' | 'site'
  readonly content_type?: 'text' | 'html' | 'json'
  readonly deployment?: DeploymentSection
  readonly build?: BuildSection
  readonly build_release?: BuildSection
  /** Where `bls` finds its gateway, if no flag and no variable says. */
  readonly gateway?: string
}

const RELATIVE = /^(?![/\\])(?!.*(?:^|[/\\])\.\.(?:[/\\]|$))[^\0]*$/
const path = text(256, RELATIVE, 'a path inside the project')
const buildSection: Schema<BuildSection> = struct({
  dir: optional(path),
  entry: text(256, /^(?![/\\])(?!.*(?:^|[/\\])\.\.(?:[/\\]|$))[^\0]+$/, 'a file inside the folder "dir"'),
  command: optional(text(4_096)),
  public_dir: optional(path),
})

const { FUEL_MAX, MEMORY_SIZE_MAX, OUTPUT_SIZE_MAX, PAGE_SIZE, DEADLINE_MS_MAX, SUBNET_SIZE_MAX } = protocolLimits

/** Schema of {@link BlsToml}; an unknown key is refused by name. */
export const blsTomlSchema: Schema<BlsToml> = struct({
  name: text(63, FUNCTION_NAME, 'a name of a-z, 0-9 and inner hyphens'),
  version: optional(text(64)),
  type: optional(oneOf(['function', 'site'] as const)),
  content_type: optional(oneOf(['text', 'html', 'json'] as const)),
  gateway: optional(text(2_048)),
  deployment: optional(
    struct({
      nodes: optional(integer(1, SUBNET_SIZE_MAX)),
      permissions: optional(list(permissionTextSchema, 64)),
      consensus: optional(oneOf(['direct', 'aggregate'] as const)),
      threshold: optional(integer(1, SUBNET_SIZE_MAX)),
      http: optional(flag()),
      features: optional(list(oneOf(['threads'] as const), 1)),
      env: optional(dictionary(text(65_536), 256, /^[^=\0]{1,256}$/)),
      limits: optional(
        struct({
          fuel: optional(integer(1, FUEL_MAX)),
          memory_bytes: optional(integer(PAGE_SIZE, MEMORY_SIZE_MAX)),
          output_bytes: optional(integer(0, OUTPUT_SIZE_MAX)),
          deadline_ms: optional(integer(1, DEADLINE_MS_MAX)),
        }),
      ),
    }),
  ),
  build: optional(buildSection),
  build_release: optional(buildSection),
})

/** Nodes of a function that names a threshold or a rule but no number of nodes: what the network takes by default. */
const NODES_DEFAULT = 4

/** What a file says about agreement; undefined leaves it to the network. */
export function agreementOf({ deployment }: BlsToml): Agreement | undefined {
  const { nodes, consensus, threshold } = deployment ?? {}
  if (nodes === undefined && consensus === undefined && threshold === undefined) return undefined
  const base = defaultAgreement(nodes ?? (consensus === 'direct' ? 1 : NODES_DEFAULT))
  return { ...base, ...(consensus === undefined ? {} : { kind: consensus }), threshold: threshold ?? base.threshold }
}

/** The limits that a file gives, the rest as the network has it; undefined if it gives none. */
export function limitsOf({ deployment }: BlsToml): Limits | undefined {
  const given = deployment?.limits
  if (given === undefined) return undefined
  return {
    fuel: given.fuel ?? DEFAULT_LIMITS.fuel,
    memoryBytes: given.memory_bytes ?? DEFAULT_LIMITS.memoryBytes,
    outputBytes: given.output_bytes ?? DEFAULT_LIMITS.outputBytes,
    deadlineMs: given.deadline_ms ?? DEFAULT_LIMITS.deadlineMs,
  }
}
