import type { IncomingMessage, ServerResponse } from 'node:http'
import { startHttpServer, type TestServer } from '../http/test-server.ts'

/** What a model was asked. */
export interface ChatRequestBody {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly temperature?: number
  readonly top_p?: number
  readonly stream: boolean
}

/** An OpenAI-compatible endpoint whose model is a function. */
export interface ChatServer extends TestServer {
  readonly endpoint: URL
  readonly requests: {
    readonly path: string
    readonly authorization: string | undefined
    readonly body: ChatRequestBody
  }[]
}

/** Starts an endpoint. @param answer - the model: a text, or a reply of another kind */
export async function startChatServer(
  answer: (body: ChatRequestBody) => string | { readonly status: number; readonly text: string },
): Promise<ChatServer> {
  const requests: ChatServer['requests'] = []
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = JSON.parse(await textOf(request)) as ChatRequestBody
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization, body })
    const content = answer(body)
    if (typeof content !== 'string') {
      response.writeHead(content.status, { 'content-type': 'application/json' }).end(content.text)
      return
    }
    response.setHeader('content-type', 'application/json')
    const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }
    response.end(JSON.stringify({ id: 'chat-1', object: 'chat.completion', model: body.model, choices: [choice] }))
  }
  const server = await startHttpServer((request, response) => void serve(request, response))
  return { ...server, endpoint: new URL(`${server.origin}/v1`), requests }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
