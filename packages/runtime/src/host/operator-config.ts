import { type Clock, dictionary, integer, optional, protocolLimits, type Schema, struct, text } from '@blockless/core'
import type { ExecutorInit } from '../executor/executor-init.ts'
import type { HostCallLimits, HostFamily } from '../host-call/host-family.ts'
import { DEFAULT_CAPS, type OperatorCaps, operatorCapsSchema } from '../policy/policy.ts'
import { type ProcessLimits, processLimitsSchema } from './extension/process-limits.ts'
import { createExtensionFamilies } from './extension-families.ts'
import { createHttpFamily } from './http/http-family.ts'
import { IpfsFamily } from './ipfs/ipfs-family.ts'
import { LlmFamily } from './llm/llm-family.ts'
import { S3Family } from './s3/s3-family.ts'
import { createConnectionPlaces } from './shared/connections.ts'
import type { Places } from './shared/places.ts'
import { readSecret } from './shared/secret.ts'

/** Where a key is, so that it is not in the configuration itself: exactly one of the two. */
export interface SecretPlace {
  /** Name of an environment variable of the node. */
  readonly environment?: string
  /** Path of a file with the key as its only line. */
  readonly file?: string
}

/** What functions may take from a node, all of them together unless it says otherwise; defaults if absent. */
export interface OperatorResources {
  /** Memory of the executor with all its guests, in bytes. */
  readonly memoryBytes?: number
  /** Hundredths of a core that guests may use; needs control groups. */
  readonly cpuPercent?: number
  /** Runs at once, with those that wait for the world outside. */
  readonly runs?: number
  /** Host calls that one run may make. */
  readonly callsPerRun?: number
  /** Bytes that one run may send out in its host calls. */
  readonly sentBytesPerRun?: number
  /** Milliseconds that one host call may take. */
  readonly callDeadlineMs?: number
}

/** What an operator lets functions reach from a node, and the services that the node offers them. */
export interface OperatorConfig {
  readonly permissions: OperatorCaps
  readonly resources?: OperatorResources
  /** An IPFS node with Kubo's RPC API; without it functions have no IPFS. */
  readonly ipfs?: {
    /** `http://127.0.0.1:5001` if absent. */
    readonly endpoint?: string
    readonly root?: string
    readonly authorization?: SecretPlace
  }
  /** A chat endpoint that speaks OpenAI's API; without it functions have no models. */
  readonly llm?: {
    readonly endpoint: string
    readonly apiKey?: SecretPlace
    readonly models: Readonly<Record<string, string>>
  }
  /** Installed executables and drivers; without it functions have sockets only. */
  readonly extensions?: {
    /** Absolute path of the folder that `bls extension` keeps. */
    readonly folder: string
    readonly processesMax?: number
    readonly driverThreadsMax?: number
    /** What each process of an extension may use. */
    readonly processLimits?: Partial<ProcessLimits>
  }
}

const secretPlace = struct({ environment: optional(text(256)), file: optional(text(4096)) })
const url = text(2048, /^https?:\/\/./, 'an HTTP address')

/** Schema of {@link OperatorConfig}. */
export const operatorConfigSchema: Schema<OperatorConfig> = struct({
  permissions: operatorCapsSchema,
  resources: optional(
    struct({
      memoryBytes: optional(integer(64 * 1_048_576, Number.MAX_SAFE_INTEGER)),
      cpuPercent: optional(integer(1, 100_000)),
      runs: optional(integer(1, 65_536)),
      callsPerRun: optional(integer(1, 10_000_000)),
      sentBytesPerRun: optional(integer(1, Number.MAX_SAFE_INTEGER)),
      callDeadlineMs: optional(integer(1, protocolLimits.DEADLINE_MS_MAX)),
    }),
  ),
  ipfs: optional(struct({ endpoint: optional(url), root: optional(text(1024)), authorization: optional(secretPlace) })),
  llm: optional(
    struct({ endpoint: url, apiKey: optional(secretPlace), models: dictionary(text(256), 256, /^.{1,256}$/) }),
  ),
  extensions: optional(
    struct({
      folder: text(4096),
      processesMax: optional(integer(1, 1024)),
      driverThreadsMax: optional(integer(1, 1024)),
      processLimits: optional(processLimitsSchema),
    }),
  ),
})

/** Public HTTP that a manifest asks for, and nothing else. */
export const DEFAULT_OPERATOR: OperatorConfig = { permissions: DEFAULT_CAPS }

/** Collaborators of {@link createFamilies}. */
export interface FamilyComponents {
  readonly clock: Clock
  /** Variables of the process, where secrets may be. */
  readonly environment: Environment
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The host calls that a node serves.
 *
 * @throws {RangeError} if a secret is not where the configuration says, or names no place or two
 */
export async function createFamilies(config: OperatorConfig, components: FamilyComponents): Promise<HostFamily[]> {
  const { ipfs, llm, extensions } = config
  const connections = createConnectionPlaces()
  const families: HostFamily[] = [createHttpFamily({ connections }), new S3Family({ connections })]
  if (ipfs !== undefined) families.push(await createIpfs(ipfs, { ...components, connections }))
  if (llm !== undefined) {
    const { models } = llm
    const apiKey = llm.apiKey === undefined ? {} : { apiKey: await secretAt(llm.apiKey, components.environment) }
    families.push(new LlmFamily({ endpoint: new URL(llm.endpoint), models, ...apiKey }, { connections }))
  }
  families.push(...createExtensionFamilies(extensions ?? {}, { ...components, connections }))
  return families
}

async function createIpfs(
  { endpoint, root, authorization }: NonNullable<OperatorConfig['ipfs']>,
  { environment, connections }: FamilyComponents & { readonly connections: Places },
): Promise<HostFamily> {
  const init = {
    ...(endpoint === undefined ? {} : { endpoint: new URL(endpoint) }),
    ...(root === undefined ? {} : { root }),
    ...(authorization === undefined ? {} : { authorization: await secretAt(authorization, environment) }),
  }
  return new IpfsFamily(init, { connections })
}

async function secretAt({ environment, file }: SecretPlace, variables: Environment): Promise<string> {
  if (environment !== undefined && file === undefined) return await readSecret({ environment }, variables)
  if (file !== undefined && environment === undefined) return await readSecret({ file }, variables)
  throw new RangeError('Cannot read secret: either "environment" or "file" has to say where it is')
}

/** The part of an executor's configuration that an operator's resources decide. */
export function executorInitOf({ memoryBytes, cpuPercent, runs }: OperatorResources = {}): ExecutorInit {
  return {
    ...(memoryBytes === undefined ? {} : { memoryBytesMax: memoryBytes }),
    ...(cpuPercent === undefined ? {} : { cpusMax: cpuPercent / 100 }),
    ...(runs === undefined ? {} : { guestsMax: runs }),
  }
}

/** The part of host calls' limits that an operator's resources decide. */
export function hostCallLimitsOf(resources: OperatorResources = {}): Partial<HostCallLimits> {
  const { callsPerRun, sentBytesPerRun, callDeadlineMs } = resources
  return {
    ...(callsPerRun === undefined ? {} : { callsMax: callsPerRun }),
    ...(sentBytesPerRun === undefined ? {} : { sentBytesMax: sentBytesPerRun }),
    ...(callDeadlineMs === undefined ? {} : { deadlineMs: callDeadlineMs }),
  }
}
