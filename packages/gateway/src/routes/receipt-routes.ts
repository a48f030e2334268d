import { CodedError, receiptSchema, subnetSchema } from '@blockless/core'
import type { FastifyInstance } from 'fastify'
import { replyAddressed } from '../http/content.ts'
import type { RouteContext } from './context.ts'

/** Stories that one listing returns if it does not say. */
const LISTED_DEFAULT = 20
const LISTED_MAX = 1_000

/** Receipts, draws and stories of past requests. */
export function registerReceiptRoutes(app: FastifyInstance, { journal }: RouteContext): void {
  app.get<{ Params: { cid: string } }>('/receipts/:cid', async (request, reply) => {
    const { cid } = request.params
    const receipt = journal.findReceipt(cid)
    if (receipt === undefined) throw unknown('ERR_RECEIPT_UNKNOWN', 'receipt', cid)
    return await replyAddressed(request, reply, { cid, value: receipt, schema: receiptSchema })
  })

  app.get<{ Params: { cid: string } }>('/subnets/:cid', async (request, reply) => {
    const { cid } = request.params
    const subnet = journal.findSubnet(cid)
    if (subnet === undefined) throw unknown('ERR_SUBNET_UNKNOWN', 'draw', cid)
    return await replyAddressed(request, reply, { cid, value: subnet, schema: subnetSchema })
  })

  app.get<{ Querystring: { limit?: string } }>('/api/v1/requests', async ({ query }) => {
    const limit = query.limit === undefined ? LISTED_DEFAULT : Number(query.limit)
    if (!Number.isInteger(limit) || limit < 1 || limit > LISTED_MAX) {
      throw new CodedError('ERR_QUERY', `Cannot list requests: limit "${query.limit}", 1 to ${LISTED_MAX} needed`)
    }
    return { requests: journal.latest(limit) }
  })

  app.get<{ Params: { id: string } }>('/api/v1/requests/:id/story', async ({ params }) => {
    const story = journal.findStory(params.id)
    if (story === undefined) throw unknown('ERR_REQUEST_UNKNOWN', 'request', params.id)
    return story
  })
}

function unknown(code: string, what: string, id: string): CodedError {
  return new CodedError(code, `Cannot find ${what} "${id}": this head has none, or no longer`, { id })
}
