import { networkSchema } from '@blockless/core'
import type { FastifyInstance } from 'fastify'
import type { RouteContext } from './context.ts'

/** What the network is and how it does. */
export function registerStatusRoutes(app: FastifyInstance, context: RouteContext): void {
  const { head, registry, network, clock, version } = context
  const startedAtMs = clock.now()
  // As existing heads answer.
  app.get('/api/v1/health', async () => ({ code: 200, type: 'MsgHealthCheck' }))
  app.get('/api/v1/status', async () => ({
    chainId: network.chainId,
    version,
    head: head.nodeId,
    workers: head.workers,
    underWay: head.underWay,
    functions: registry.list().length,
    startedAtMs,
  }))
  app.get('/api/v1/network', async () => networkSchema.toJson(network))
}
