import {
  type CID,
  type ExecutionInput,
  type Limits,
  type Network,
  networkSchema,
  type Receipt,
  receiptCidOf,
  receiptSchema,
  type Schema,
  type Story,
  type Subnet,
  subnetCidOf,
  subnetSchema,
} from '@blockless/core'
import type { FunctionSource } from '@blockless/storage'
import {
  type DeployedFunction,
  type Deployment,
  deployedFunctionSchema,
  deploymentSchema,
  functionsSchema,
} from './answers/deployment.ts'
import { findContradiction, type Invocation, invocationSchema } from './answers/invocation.ts'
import { type Status, statusSchema } from './answers/status.ts'
import { storiesSchema, storySchema } from './answers/story.ts'
import { ClientError } from './client-error.ts'
import { DEPLOY_TIMEOUT_MS, INVOKE_TIMEOUT_MS, REQUESTS_COUNT, REQUESTS_COUNT_MAX } from './defaults.ts'
import { toBase64 } from './http/base64.ts'
import { GatewayHttp, type HttpCall } from './http/gateway-http.ts'

/** Where the gateway is. */
export interface ClientInit {
  /** Base URL of the gateway, such as `http://localhost:8380`. */
  readonly url: string
  /** Default: the platform's own. */
  readonly fetch?: typeof globalThis.fetch
  /** Ends every call of this client. */
  readonly signal?: AbortSignal
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal
}

/** What a run gets and may use; what is left out is empty, or as the manifest says. */
export interface InvokeCall {
  readonly args?: readonly string[]
  readonly env?: ExecutionInput['env']
  /** Text is sent as UTF-8. */
  readonly stdin?: string | Uint8Array
  readonly limits?: Partial<Limits>
}

/** A function to deploy: its parts, or a CAR that has its folder as the only root. */
export type DeploySource = FunctionSource | { readonly car: Uint8Array }

/** Talks to one gateway; every method rejects with {@link ClientError} or {@link GatewayError}, or the signal's reason. */
export interface Client {
  /** Deploys a function under the name in its manifest. */
  deploy(source: DeploySource, options?: CallOptions): Promise<Deployment>
  /** Runs a function, by name or CID. The output and the receipt fit together; `verifyReceipt` tells whether it is true. */
  invoke(nameOrCid: string | CID, call?: InvokeCall, options?: CallOptions): Promise<Invocation>
  /** The receipt of this CID: its hash was compared. */
  receipt(cid: CID | string, options?: CallOptions): Promise<Receipt>
  /** The record of a draw of this CID: its hash was compared. */
  subnet(cid: CID | string, options?: CallOptions): Promise<Subnet>
  network(options?: CallOptions): Promise<Network>
  /** @param id - hexadecimal request id, its first 8 digits or more, or the receipt's CID */
  story(id: string, options?: CallOptions): Promise<Story>
  /** The latest stories, newest first. @param count - 1 to 1000. Default: 20 */
  requests(count?: number, options?: CallOptions): Promise<readonly Story[]>
  functions(options?: CallOptions): Promise<readonly DeployedFunction[]>
  function(name: string, options?: CallOptions): Promise<DeployedFunction>
  /** Takes a name away; its function can still be invoked by CID. */
  remove(name: string, options?: CallOptions): Promise<void>
  status(options?: CallOptions): Promise<Status>
}

/**
 * Creates a client; nothing is sent yet.
 *
 * @throws {TypeError} if the URL is none
 *
 * @example
 * ```ts
 * import { createClient } from '@blockless/client'
 * const client = createClient({ url: 'http://localhost:1', fetch: () => Promise.reject(new TypeError('refused')) })
 * await assert.rejects(client.status(), { code: 'ERR_GATEWAY_UNREACHABLE' })
 * ```
 */
export function createClient(init: ClientInit): Client {
  const { url, fetch = globalThis.fetch.bind(globalThis), signal } = init
  const http = new GatewayHttp({ url, fetch, signal })
  const get = async <T>(path: string, schema: Schema<T>, options: CallOptions | undefined): Promise<T> =>
    await http.json({ path, signal: options?.signal }, schema)
  return {
    deploy: async (source, options) => await deploy(http, source, options),
    invoke: async (nameOrCid, call, options) => await invoke(http, String(nameOrCid), call, options),
    receipt: async (cid, options) =>
      await addressed(http, url, { folder: 'receipts', cid, schema: receiptSchema, cidOf: receiptCidOf }, options),
    subnet: async (cid, options) =>
      await addressed(http, url, { folder: 'subnets', cid, schema: subnetSchema, cidOf: subnetCidOf }, options),
    network: async (options) => await get('api/v1/network', networkSchema, options),
    story: async (id, options) => await get(`api/v1/requests/${encodeURIComponent(id)}/story`, storySchema, options),
    async requests(count = REQUESTS_COUNT, options) {
      if (!Number.isInteger(count) || count < 1 || count > REQUESTS_COUNT_MAX) {
        throw new RangeError(`Cannot list requests: ${count} wanted, 1 to ${REQUESTS_COUNT_MAX} possible`)
      }
      return (await get(`api/v1/requests?limit=${count}`, storiesSchema, options)).requests
    },
    functions: async (options) => (await get('api/v1/functions', functionsSchema, options)).functions,
    function: async (name, options) => await get(functionPath(name), deployedFunctionSchema, options),
    async remove(name, options) {
      await http.bytes({ method: 'DELETE', path: functionPath(name), signal: options?.signal })
    },
    status: async (options) => await get('api/v1/status', statusSchema, options),
  }
}

async function deploy(http: GatewayHttp, source: DeploySource, options: CallOptions = {}): Promise<Deployment> {
  // Loaded when needed: most programs that use this library never deploy.
  const car = 'car' in source ? source.car : (await (await import('./deploy/pack-car.ts')).packCar(source, options)).car
  const call: HttpCall = {
    method: 'POST',
    path: 'api/v1/functions',
    contentType: 'application/vnd.ipld.car',
    body: car,
    signal: options.signal,
    timeoutMs: DEPLOY_TIMEOUT_MS,
  }
  return await http.json(call, deploymentSchema)
}

async function invoke(
  http: GatewayHttp,
  nameOrCid: string,
  { stdin, ...rest }: InvokeCall = {},
  options: CallOptions = {},
): Promise<Invocation> {
  const body = { ...rest, ...(stdin === undefined ? {} : { stdin: toJsonStdin(stdin) }) }
  const path = `${functionPath(nameOrCid)}/invoke`
  const call: HttpCall = {
    method: 'POST',
    path,
    contentType: 'application/json',
    body: JSON.stringify(body),
    signal: options.signal,
    timeoutMs: INVOKE_TIMEOUT_MS,
  }
  const invocation = await http.json(call, invocationSchema)
  const isOtherFunction = nameOrCid.startsWith('bafy') && invocation.functionCid.toString() !== nameOrCid
  const problem = isOtherFunction ? 'it ran another function' : findContradiction(invocation)
  if (problem === undefined) return invocation
  throw new ClientError({ code: 'ERR_GATEWAY_ANSWER', url: path, status: 200, problem })
}

interface Addressed<T> {
  readonly folder: 'receipts' | 'subnets'
  readonly cid: CID | string
  readonly schema: Schema<T>
  readonly cidOf: (value: T) => CID
}

async function addressed<T>(
  http: GatewayHttp,
  url: string,
  { folder, cid, schema, cidOf }: Addressed<T>,
  options: CallOptions = {},
): Promise<T> {
  const wanted = String(cid)
  const path = `${folder}/${encodeURIComponent(wanted)}`
  const value = await http.json({ path, signal: options.signal }, schema)
  const found = cidOf(value).toString()
  if (found === wanted) return value
  const problem = `it was asked for ${wanted}, and sent ${found}`
  throw new ClientError({ code: 'ERR_GATEWAY_ANSWER', url: `${url}/${path}`, status: 200, problem })
}

function toJsonStdin(stdin: string | Uint8Array): string | { base64: string } {
  return typeof stdin === 'string' ? stdin : { base64: toBase64(stdin) }
}

function functionPath(nameOrCid: string): string {
  return `api/v1/functions/${encodeURIComponent(nameOrCid)}`
}
