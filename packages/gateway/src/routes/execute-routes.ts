import {
  type Agreement,
  CodedError,
  type ExecutionInput,
  type FunctionSettings,
  flag,
  integer,
  isCodedError,
  type Limits,
  list,
  optional,
  protocolLimits,
  runtimeExitCode,
  type Schema,
  SchemaError,
  struct,
  text,
  toUtf8,
} from '@blockless/core'
import { InvocationError, type InvokeResult } from '@blockless/node'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { disconnectSignal } from '../http/disconnect.ts'
import type { RouteContext } from './context.ts'

/** An execute request as existing heads take it. */
interface ExecuteBody {
  readonly function_id: string
  readonly method: string
  readonly parameters?: readonly { readonly name?: string; readonly value?: string }[]
  readonly config?: ExecuteConfig
  readonly signature?: string
  readonly topic?: string
}

interface ExecuteConfig {
  readonly runtime?: {
    readonly entry?: string
    /** Milliseconds. */
    readonly run_time?: number
    readonly limited_fuel?: number
    readonly limited_memory?: number
    readonly runtime_logger?: string
    readonly drivers_root_path?: string
  }
  readonly env_vars?: readonly { readonly name: string; readonly value: string }[]
  readonly stdin?: string
  readonly permissions?: readonly string[]
  readonly result_aggregation?: { readonly enable?: boolean }
  readonly number_of_nodes?: number
  readonly timeout?: number
  readonly consensus_algorithm?: string
  readonly threshold?: number
}

const long = text(protocolLimits.ARGUMENT_LENGTH_MAX)
const short = text(256)
const fraction: Schema<number> = {
  check: (value, path) => {
    if (typeof value === 'number' && value >= 0 && value <= 1) return value
    throw new SchemaError(path, 'a number from 0 to 1', value)
  },
  fromJson: (value, path) => fraction.check(value, path),
  toJson: (value) => value,
  jsonSchema: () => ({ type: 'number', minimum: 0, maximum: 1 }),
}
const parameters = list(struct({ name: optional(short), value: optional(long) }), protocolLimits.ARGUMENTS_COUNT_MAX)

/** Schema of {@link ExecuteBody}: what existing clients send; what we do not do is refused below, never ignored. */
export const executeBodySchema: Schema<ExecuteBody> = struct({
  function_id: text(256, /./, 'text that is not empty'),
  method: text(256, /./, 'text that is not empty'),
  parameters: optional(parameters),
  config: optional(
    struct({
      runtime: optional(
        struct({
          entry: optional(short),
          run_time: optional(integer(0, protocolLimits.DEADLINE_MS_MAX)),
          debug_info: optional(flag()),
          limited_fuel: optional(integer(0, protocolLimits.FUEL_MAX)),
          limited_memory: optional(integer(0, protocolLimits.PAGE_SIZE)),
          runtime_logger: optional(short),
          drivers_root_path: optional(short),
        }),
      ),
      env_vars: optional(list(struct({ name: short, value: long }), protocolLimits.ARGUMENTS_COUNT_MAX)),
      stdin: optional(text(protocolLimits.STDIN_SIZE_MAX)),
      permissions: optional(list(text(2048), 64)),
      result_aggregation: optional(
        struct({ enable: optional(flag()), type: optional(short), parameters: optional(parameters) }),
      ),
      number_of_nodes: optional(integer(-1, protocolLimits.SUBNET_SIZE_MAX)),
      timeout: optional(integer(0, protocolLimits.DEADLINE_MS_MAX / 1_000)),
      consensus_algorithm: optional(short),
      threshold: optional(fraction),
    }),
  ),
  signature: optional(text(1_024)),
  topic: optional(short),
})

/** Threshold of existing heads for requests that do not say. */
const THRESHOLD_DEFAULT = 0.6
/** More than a product of a fraction and a count is ever off, less than any share that is meant. */
const ROUNDING = 1e-9

/** `POST /api/v1/functions/execute` as existing heads answer it, with its mistakes mended. */
export function registerExecuteRoutes(app: FastifyInstance, context: RouteContext): void {
  app.post('/api/v1/functions/execute', { bodyLimit: protocolLimits.STDIN_SIZE_MAX * 2 }, async (request, reply) => {
    const body = readBody(request.body)
    const gone = disconnectSignal(reply)
    const timeoutMs = (body.config?.timeout ?? 0) * 1_000
    const signal = timeoutMs > 0 ? AbortSignal.any([gone, AbortSignal.timeout(timeoutMs)]) : gone
    try {
      const { functionCid, settings } = await context.functions.resolve(body.function_id, signal)
      checkMethod(body, settings)
      const agreement = agreementOf(body.config, settings, context.head.workers.length)
      const permissions = permissionsOf(body.config, settings)
      const call = { functionCid, settings: { ...settings, agreement, permissions }, input: inputOf(body, settings) }
      const limits = limitsOf(body.config, settings.limits)
      return await replyResult(reply, await context.head.invoke({ ...call, limits }, signal))
    } catch (error) {
      return await replyFailure(reply, error, gone)
    }
  })
}

function readBody(json: unknown): ExecuteBody {
  const body = executeBodySchema.fromJson(json, '')
  const { config } = body
  const consensus = config?.consensus_algorithm ?? ''
  if (consensus !== '') {
    const message = `Cannot execute: consensus_algorithm "${consensus}" is not offered, leave it out`
    throw new CodedError('ERR_CONSENSUS', message, { consensus })
  }
  if (config?.result_aggregation?.enable === true) {
    throw new CodedError('ERR_AGGREGATION', 'Cannot execute: result_aggregation is not offered, leave it out')
  }
  const { runtime } = config ?? {}
  for (const [name, value] of [
    ['topic', body.topic],
    ['config.runtime.runtime_logger', runtime?.runtime_logger],
    ['config.runtime.drivers_root_path', runtime?.drivers_root_path],
  ] as const) {
    if (value === undefined || value === '') continue
    throw new CodedError('ERR_OPTION', `Cannot execute: ${name} is not offered, leave it out`, { name })
  }
  return body
}

function checkMethod({ method, config }: ExecuteBody, settings: FunctionSettings): void {
  // Existing clients name the module's file, which existing tools call after the function.
  if (![settings.file, settings.name, `${settings.name}.wasm`].includes(method)) {
    const message = `Cannot execute: the function has no method "${method}", its module is "${settings.file}"`
    throw new CodedError('ERR_METHOD', message, { method })
  }
  const entry = config?.runtime?.entry ?? ''
  if (entry !== '' && entry !== settings.entry) {
    const message = `Cannot execute: entry "${entry}" is not the manifest's, which is "${settings.entry}"`
    throw new CodedError('ERR_ENTRY', message, { entry })
  }
}

/** A caller may leave permissions out, never add any. None listed means "as the manifest says". */
function permissionsOf(config: ExecuteConfig | undefined, settings: FunctionSettings): readonly string[] {
  const wanted = config?.permissions ?? []
  const stray = wanted.find((permission) => !settings.permissions.includes(permission))
  if (stray !== undefined) {
    const message = `Cannot execute: permission "${stray}" is not in the function's manifest`
    throw new CodedError('ERR_PERMISSION', message, { permission: stray })
  }
  return wanted.length === 0 ? settings.permissions : wanted
}

function inputOf({ parameters: values = [], config = {} }: ExecuteBody, settings: FunctionSettings): ExecutionInput {
  const pairs = (config.env_vars ?? []).map(({ name, value }) => [name, value] as const)
  const env = { ...settings.env, ...Object.fromEntries(pairs) }
  const listed = pairs.length === 0 ? {} : { BLS_LIST_VARS: pairs.map(([name]) => name).join(';') }
  return {
    args: values.map(({ value }) => value ?? ''),
    env: { ...env, ...listed },
    stdin: toUtf8(config.stdin ?? ''),
  }
}

/** A caller may ask for less than the manifest allows, never for more. Zero and absent mean "as the manifest says". */
function limitsOf(config: ExecuteConfig | undefined, limits: Limits): Limits {
  const { limited_fuel: fuel = 0, limited_memory: pages = 0, run_time: runMs = 0 } = config?.runtime ?? {}
  return {
    ...limits,
    deadlineMs: runMs > 0 ? Math.min(runMs, limits.deadlineMs) : limits.deadlineMs,
    fuel: fuel > 0 ? Math.min(fuel, limits.fuel) : limits.fuel,
    memoryBytes: pages > 0 ? Math.min(pages * protocolLimits.PAGE_SIZE, limits.memoryBytes) : limits.memoryBytes,
  }
}

/** -1 asks all workers that are there, 0 and absent leave it to the manifest. */
function agreementOf(config: ExecuteConfig | undefined, settings: FunctionSettings, workers: number): Agreement {
  const wanted = config?.number_of_nodes ?? 0
  if (wanted === 0 && config?.threshold === undefined) return settings.agreement
  const all = Math.min(Math.max(1, workers), protocolLimits.SUBNET_SIZE_MAX)
  const nodes = wanted === -1 ? all : wanted === 0 ? settings.agreement.nodes : wanted
  if (nodes === 1) return { kind: 'direct', nodes: 1, threshold: 1 }
  const majority = Math.floor(nodes / 2) + 1
  const share = (config?.threshold ?? THRESHOLD_DEFAULT) * nodes
  const threshold = Math.max(majority, Math.ceil(share - ROUNDING)) // 0.55 * 20 is 11.000000000000002
  return { kind: 'aggregate', nodes, threshold }
}

async function replyResult(reply: FastifyReply, invoked: InvokeResult): Promise<FastifyReply> {
  const { receipt, receiptCid, requestId, groups } = invoked
  const votes = receipt.votes.length
  const results = groups.map(({ nodes, result }) => ({
    result: {
      stdout: new TextDecoder().decode(result.stdout),
      stderr: new TextDecoder().decode(result.stderr),
      exit_code: runtimeExitCode(result.exit),
    },
    peers: nodes,
    frequency: (100 * nodes.length) / votes,
  }))
  reply.header('x-blockless-receipt', receiptCid.toString()).header('x-blockless-request-id', requestId)
  const cluster = { peers: receipt.subnet.members }
  return await reply.send({ code: '200', request_id: requestId, results, cluster, receipt: receiptCid.toString() })
}

/** Existing clients read the code inside the body; others read the HTTP status. Both are told. */
async function replyFailure(reply: FastifyReply, error: unknown, gone: AbortSignal): Promise<FastifyReply> {
  gone.throwIfAborted()
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return await reply
      .code(504)
      .send({ code: '408', request_id: '', message: 'Cannot execute: the timeout of the request passed', results: [] })
  }
  if (!isCodedError(error)) throw error
  const requestId = error instanceof InvocationError && 'requestId' in error.details ? error.details.requestId : ''
  if (error.code === 'ERR_SUBNET_TOO_SMALL' || error.code === 'ERR_NOT_ENOUGH_ANSWERS') reply.header('retry-after', '1')
  if (error.code === 'ERR_SUBNET_TOO_SMALL') {
    return await reply.code(503).send({ code: '408', request_id: requestId, message: error.message, results: [] })
  }
  if (error.code === 'ERR_DIVERGED') {
    return await reply.code(502).send({ code: '206', request_id: requestId, message: error.message, results: [] })
  }
  if (error.code === 'ERR_NOT_ENOUGH_ANSWERS') {
    return await reply.code(503).send({ code: '500', request_id: requestId, message: error.message, results: [] })
  }
  throw error
}
