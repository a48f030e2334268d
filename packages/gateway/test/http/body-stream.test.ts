import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http'
import { test } from 'node:test'
import { bodyStream } from '../../src/http/body-stream.ts'

const MIB = 1_048_576

async function listen(read: (body: IncomingMessage) => Promise<number>): Promise<{ server: Server; port: number }> {
  const server = createServer((incoming, outgoing) => {
    read(incoming).then(
      (size) => outgoing.end(String(size)),
      () => {
        outgoing.statusCode = 400
        outgoing.end('stopped')
      },
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

async function post(
  port: number,
  agent: Agent,
  body: Buffer,
): Promise<{ status: number; text: string; socket: unknown }> {
  const outgoing = request({ host: '127.0.0.1', port, method: 'POST', agent })
  outgoing.end(body)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of incoming) text += chunk
  return { status: incoming.statusCode ?? 0, text, socket: outgoing.socket }
}

test('bodyStream() leaves a connection usable when its reader stops in the middle of a body', async () => {
  const { server, port } = await listen(async (body) => {
    for await (const _ of bodyStream(body, 64 * MIB)) throw new Error('enough')
    return 0
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const first = await post(port, agent, Buffer.alloc(16 * MIB))
    const second = await post(port, agent, Buffer.alloc(16 * MIB))
    assert.deepEqual([first.status, second.status], [400, 400])
    assert.equal(first.socket, second.socket)
  } finally {
    agent.destroy()
    server.close()
  }
})

test('bodyStream() ends the connection of a body that goes on beyond what may be dropped', async () => {
  const { server, port } = await listen(async (body) => {
    for await (const _ of bodyStream(body, MIB)) throw new Error('enough')
    return 0
  })
  const agent = new Agent({ keepAlive: true })
  try {
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', agent })
    const closed = new Promise((resolve) => outgoing.on('close', resolve))
    outgoing.on('error', () => {}) // a broken pipe, or a reset
    const send = (): void => {
      while (!outgoing.destroyed && outgoing.write(Buffer.alloc(65_536)));
    }
    outgoing.on('drain', send)
    send()
    await closed
    assert.ok(outgoing.destroyed)
  } finally {
    agent.destroy()
    server.close()
  }
})

test('bodyStream() gives every byte to a reader that goes to the end', async () => {
  const { server, port } = await listen(async (body) => {
    let size = 0
    for await (const chunk of bodyStream(body, 0)) size += chunk.length
    return size
  })
  const agent = new Agent({ keepAlive: true })
  try {
    assert.equal((await post(port, agent, Buffer.alloc(3 * MIB))).text, String(3 * MIB))
  } finally {
    agent.destroy()
    server.close()
  }
})
