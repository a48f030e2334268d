import type { IncomingMessage, ServerResponse } from 'node:http'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { startHttpServer, type TestServer } from '../http/test-server.ts'

/** A server of tools made with the protocol's own SDK: `time` takes nothing, `fail` always fails. */
export interface ToolServer extends TestServer {
  readonly url: string
  /** Connections that are open. */
  readonly openCount: () => number
}

/** Starts the server on loopback. */
export async function startToolServer(): Promise<ToolServer> {
  const transports = new Map<string, SSEServerTransport>()
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    if (pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response)
      transports.set(transport.sessionId, transport)
      response.on('close', () => transports.delete(transport.sessionId))
      await createTools().connect(transport)
      return
    }
    const transport = transports.get(searchParams.get('sessionId') ?? '')
    if (transport === undefined) response.writeHead(404).end()
    else await transport.handlePostMessage(request, response)
  }
  const server = await startHttpServer((request, response) => void serve(request, response))
  return { ...server, url: `${server.origin}/sse`, openCount: () => transports.size }
}

function createTools(): McpServer {
  const server = new McpServer({ name: 'test tools', version: '1.0.0' })
  server.registerTool('time', { description: 'Tells the time' }, () => ({
    content: [
      { type: 'text', text: 'half past' },
      { type: 'text', text: 'seven' },
    ],
  }))
  server.registerTool('fail', { description: 'Always fails' }, () => {
    throw new Error('out of order')
  })
  return server
}
