import {
  dictionary,
  type ExecutionInput,
  integer,
  type Limits,
  list,
  optional,
  protocolLimits,
  receiptToJson,
  type Schema,
  SchemaError,
  struct,
  text,
  toUtf8,
} from '@blockless/core'
import type { FastifyInstance } from 'fastify'
import { disconnectSignal } from '../http/disconnect.ts'
import type { RouteContext } from './context.ts'

/** Body of an invocation. */
interface InvokeBody {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: Uint8Array
  readonly limits?: Partial<Limits>
}

const stdinSchema: Schema<Uint8Array> = {
  check: (_value, path) => {
    throw new SchemaError(path, 'the JSON form', 'another')
  },
  toJson: (value) => ({ base64: Buffer.from(value).toString('base64') }),
  fromJson: (json, path) => {
    if (typeof json === 'string' && json.isWellFormed()) return toUtf8(json)
    const base64 = typeof json === 'object' && json !== null && 'base64' in json ? json.base64 : undefined
    if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
      throw new SchemaError(path, 'text, or {"base64": "…"}', json)
    }
    return Buffer.from(base64, 'base64')
  },
  jsonSchema: () => ({
    oneOf: [
      { type: 'string' },
      { type: 'object', properties: { base64: { type: 'string' } }, required: ['base64'], additionalProperties: false },
    ],
  }),
}

const positive = optional(integer(1, Number.MAX_SAFE_INTEGER))

/** Schema of an invocation's body. */
export const invokeBodySchema: Schema<InvokeBody> = struct({
  args: optional(list(text(protocolLimits.ARGUMENT_LENGTH_MAX), protocolLimits.ARGUMENTS_COUNT_MAX)),
  env: optional(
    dictionary(text(protocolLimits.ARGUMENT_LENGTH_MAX), protocolLimits.ARGUMENTS_COUNT_MAX, /^[^=\0]{1,256}$/),
  ),
  stdin: optional(stdinSchema),
  limits: optional(struct({ fuel: positive, memoryBytes: positive, outputBytes: positive, deadlineMs: positive })),
})

/** Base64 of the largest stdin, and the rest of the JSON around it. */
const BODY_SIZE_MAX = Math.ceil((protocolLimits.STDIN_SIZE_MAX * 4) / 3) + 1_048_576

/** Calling a function with arguments, environment and stdin, and getting all that came out. */
export function registerInvokeRoutes(app: FastifyInstance, context: RouteContext): void {
  const { head, functions } = context
  app.post<{ Params: { nameOrCid: string } }>(
    '/api/v1/functions/:nameOrCid/invoke',
    { bodyLimit: BODY_SIZE_MAX },
    async (request, reply) => {
      const signal = disconnectSignal(reply)
      const body = invokeBodySchema.fromJson(request.body ?? {}, '')
      const { functionCid, settings } = await functions.resolve(request.params.nameOrCid, signal)
      const input: ExecutionInput = {
        args: body.args ?? [],
        env: { ...settings.env, ...body.env },
        stdin: body.stdin ?? new Uint8Array(0),
      }
      const limits = { ...settings.limits, ...body.limits }
      const { receipt, receiptCid, requestId, result } = await head.invoke(
        { functionCid, settings, input, limits },
        signal,
      )
      reply.header('x-blockless-receipt', receiptCid.toString()).header('x-blockless-request-id', requestId)
      return await reply.send({
        requestId,
        receiptCid: receiptCid.toString(),
        functionCid: functionCid.toString(),
        exit: result.exit,
        stdout: Buffer.from(result.stdout).toString('base64'),
        stderr: Buffer.from(result.stderr).toString('base64'),
        fuelUsed: receipt.fuelUsed,
        receipt: receiptToJson(receipt),
      })
    },
  )
}
