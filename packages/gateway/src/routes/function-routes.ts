import { CodedError, subnetCidOf } from '@blockless/core'
import type { FastifyInstance } from 'fastify'
import type { FunctionRecord } from '../functions/function-registry.ts'
import { PACKAGE_SIZE_MAX } from '../functions/functions.ts'
import { bodyStream } from '../http/body-stream.ts'
import { CAR_TYPE, mediaType } from '../http/content.ts'
import { disconnectSignal } from '../http/disconnect.ts'
import type { RouteContext } from './context.ts'

/** Deploying, listing and removing functions. */
export function registerFunctionRoutes(app: FastifyInstance, context: RouteContext): void {
  const { functions, registry } = context
  app.addContentTypeParser(CAR_TYPE, (_request, payload, done) => done(null, payload))

  app.post('/api/v1/functions', { bodyLimit: PACKAGE_SIZE_MAX }, async (request, reply) => {
    if (mediaType(request.headers['content-type']) !== CAR_TYPE) {
      const message = `Cannot deploy: content type "${request.headers['content-type'] ?? ''}", "${CAR_TYPE}" needed`
      throw new CodedError('ERR_CONTENT_TYPE', message)
    }
    const car = bodyStream(request.raw, PACKAGE_SIZE_MAX)
    const { record, isNew, settings, subnet } = await functions.deploy(car, disconnectSignal(reply))
    const { order, size, epoch } = subnet
    const cid = subnetCidOf(subnet).toString()
    return await reply.code(201).send({
      ...toListed(record, context),
      isNew,
      agreement: settings.agreement,
      subnet: { cid, epoch, members: order.slice(0, size), spares: order.slice(size) },
    })
  })

  app.get('/api/v1/functions', async () => ({
    functions: registry.list().map((record) => toListed(record, context)),
  }))

  app.get<{ Params: { name: string } }>('/api/v1/functions/:name', async ({ params }) =>
    toListed(find(params.name, context), context),
  )

  app.delete<{ Params: { name: string } }>('/api/v1/functions/:name', async ({ params }, reply) => {
    find(params.name, context)
    await functions.delete(params.name)
    return await reply.code(204).send()
  })
}

function find(name: string, { registry }: RouteContext): FunctionRecord {
  const record = registry.find(name)
  if (record !== undefined) return record
  throw new CodedError('ERR_FUNCTION_UNKNOWN', `Cannot find function "${name}": no such name is deployed`, { name })
}

function toListed(record: FunctionRecord, { urlOf }: RouteContext): FunctionRecord & { readonly url: string } {
  return { ...record, url: urlOf(record.name) }
}
