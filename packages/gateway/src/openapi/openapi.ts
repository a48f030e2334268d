import {
  agreementSchema,
  exitSchema,
  type JsonSchema,
  networkSchema,
  receiptSchema,
  subnetSchema,
} from '@blockless/core'
import { CAR_TYPE, DAG_CBOR_TYPE } from '../http/content.ts'
import { executeBodySchema } from '../routes/execute-routes.ts'
import { invokeBodySchema } from '../routes/invoke-routes.ts'

const text: JsonSchema = { type: 'string' }
const count: JsonSchema = { type: 'integer', minimum: 0 }
const texts: JsonSchema = { type: 'array', items: text }

function object(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties) }
}

const listed = { name: text, functionCid: text, version: count, createdAtMs: count, url: text }
const deployed = object({
  ...listed,
  isNew: { type: 'boolean' },
  agreement: agreementSchema.jsonSchema(),
  subnet: object({ cid: text, epoch: count, members: texts, spares: texts }),
})
const invoked = object({
  requestId: text,
  receiptCid: text,
  functionCid: text,
  exit: exitSchema.jsonSchema(),
  stdout: { ...text, contentEncoding: 'base64' },
  stderr: { ...text, contentEncoding: 'base64' },
  fuelUsed: count,
  receipt: receiptSchema.jsonSchema(),
})
const executed = object({
  code: text,
  request_id: text,
  results: {
    type: 'array',
    items: object({
      result: object({ stdout: text, stderr: text, exit_code: count }),
      peers: texts,
      frequency: { type: 'number' },
    }),
  },
  cluster: object({ peers: texts }),
  receipt: text,
})
const story = { type: 'object', description: 'who was asked, who voted what, and where the time went' }
const errorBody = object({ error: object({ code: text, message: text, details: { type: 'object' } }) })

interface Operation {
  readonly summary: string
  readonly body?: { readonly type: string; readonly schema: JsonSchema }
  readonly status?: number
  readonly answer?: JsonSchema
  readonly types?: readonly string[]
}

const JSON_TYPE = 'application/json'
const ADDRESSED = [JSON_TYPE, DAG_CBOR_TYPE]

/** Every route of the API by path and method; a test holds it against the routes that the application has. */
const OPERATIONS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/api/v1/health': { get: { summary: 'Whether the head is up', answer: object({ code: count, type: text }) } },
  '/api/v1/status': {
    get: {
      summary: 'The network as this head sees it',
      answer: object({
        chainId: text,
        version: text,
        head: text,
        workers: texts,
        underWay: count,
        functions: count,
        startedAtMs: count,
      }),
    },
  },
  '/api/v1/network': { get: { summary: "The network's genesis", answer: networkSchema.jsonSchema() } },
  '/api/v1/functions': {
    get: {
      summary: 'All deployed functions',
      answer: object({ functions: { type: 'array', items: object(listed) } }),
    },
    post: {
      summary: 'Deploy a function package',
      body: { type: CAR_TYPE, schema: { type: 'string', format: 'binary' } },
      status: 201,
      answer: deployed,
    },
  },
  '/api/v1/functions/{name}': {
    get: { summary: 'One deployed function', answer: object(listed) },
    delete: { summary: 'Take a name away', status: 204 },
  },
  '/api/v1/functions/{nameOrCid}/invoke': {
    post: {
      summary: 'Run a function and get its result and receipt',
      body: { type: JSON_TYPE, schema: invokeBodySchema.jsonSchema() },
      answer: invoked,
    },
  },
  '/api/v1/functions/execute': {
    post: {
      summary: 'Run a function, in the form of existing Blockless heads',
      body: { type: JSON_TYPE, schema: executeBodySchema.jsonSchema() },
      answer: executed,
    },
  },
  '/api/v1/requests': {
    get: { summary: 'The latest requests', answer: object({ requests: { type: 'array', items: story } }) },
  },
  '/api/v1/requests/{id}/story': { get: { summary: 'The story of one request', answer: story } },
  '/receipts/{cid}': { get: { summary: 'A receipt', answer: receiptSchema.jsonSchema(), types: ADDRESSED } },
  '/subnets/{cid}': { get: { summary: 'The record of a draw', answer: subnetSchema.jsonSchema(), types: ADDRESSED } },
  '/openapi.json': { get: { summary: 'This document', answer: { type: 'object' } } },
}

/** The API as an OpenAPI 3.1 document, made from the schemas that check what comes in. */
export function openApiDocument(version: string): JsonSchema {
  const paths = Object.entries(OPERATIONS).map(([path, methods]) => {
    const operations = Object.entries(methods).map(([method, operation]) => [method, describe(path, operation)])
    return [path, Object.fromEntries(operations)]
  })
  return {
    openapi: '3.1.0',
    info: {
      title: 'Blockless gateway',
      version,
      description:
        'Deploy WebAssembly functions, invoke them, and get a receipt for every answer. Deployed functions also ' +
        'answer HTTP requests at http://<name>.<domain>/ and /fn/<name>/.',
    },
    paths: Object.fromEntries(paths),
  }
}

function describe(path: string, { summary, body, status = 200, answer, types = [JSON_TYPE] }: Operation): JsonSchema {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  const parameters = names.map((name) => ({ name, in: 'path', required: true, schema: text }))
  const content = (type: string): JsonSchema => ({
    schema: type === JSON_TYPE ? answer : { type: 'string', format: 'binary' },
  })
  const ok = {
    description: status === 204 ? 'Done' : 'The answer',
    ...(answer === undefined ? {} : { content: Object.fromEntries(types.map((type) => [type, content(type)])) }),
  }
  const failed = { description: 'What went wrong', content: { [JSON_TYPE]: { schema: errorBody } } }
  const requestBody = body === undefined ? {} : { requestBody: { content: { [body.type]: { schema: body.schema } } } }
  return { summary, parameters, ...requestBody, responses: { [String(status)]: ok, default: failed } }
}
