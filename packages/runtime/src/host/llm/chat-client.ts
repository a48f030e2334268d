import { toUtf8 } from '@blockless/core'
import type { Agent } from 'undici'
import { guardedRequest } from '../http/guarded-request.ts'
import { isJsonObject, parseJson } from '../shared/json-text.ts'
import { readAll } from '../shared/read-body.ts'

/** A message of a chat. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** What to complete. */
export interface ChatRequest {
  /** As the endpoint calls it. */
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly temperature: number | null
  readonly top_p: number | null
}

/** Where chats are completed. */
export interface ChatEndpoint {
  /** Base of the API, such as `http://127.0.0.1:8080/v1`. */
  readonly url: URL
  readonly apiKey: string | undefined
}

/** A completion, or a short word for what was wrong. */
export type ChatOutcome = { readonly text: string } | { readonly why: string }

/** Bytes of a reply: guests take 64 KiB of an answer, which JSON may have made six times as long. */
const REPLY_SIZE_MAX = 4 * 1024 * 1024
const HTTP_OK = 200

/**
 * Completes a chat at an OpenAI-compatible endpoint, without streaming.
 *
 * @param agent - that reaches the endpoint
 * @throws {HttpError} if there is no response; rejects with the signal's reason
 */
export async function completeChat(
  agent: Agent,
  endpoint: ChatEndpoint,
  request: ChatRequest,
  signal: AbortSignal,
): Promise<ChatOutcome> {
  const url = new URL(endpoint.url)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`
  const { model, messages, temperature, top_p } = request
  const sampling = { ...(temperature === null ? {} : { temperature }), ...(top_p === null ? {} : { top_p }) }
  const headers: [string, string][] = [['content-type', 'application/json']]
  if (endpoint.apiKey !== undefined) headers.push(['authorization', `Bearer ${endpoint.apiKey}`])
  const { status, body } = await guardedRequest(agent, {
    url,
    method: 'POST',
    headers,
    body: toUtf8(JSON.stringify({ model, messages, ...sampling, stream: false })),
    decide: () => ({ isAllowed: true }),
    signal,
  })
  const bytes = await readAll(body, REPLY_SIZE_MAX, signal)
  if (status !== HTTP_OK) return { why: `status ${status}` }
  if (bytes === undefined) return { why: `more than ${REPLY_SIZE_MAX} bytes` }
  const text = contentOf(parseJson(new TextDecoder().decode(bytes)))
  return text === undefined ? { why: 'no chat completion' } : { text }
}

/** `choices[0].message.content`. */
function contentOf(reply: unknown): string | undefined {
  const choices = isJsonObject(reply) ? reply.choices : undefined
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  const message = isJsonObject(first) ? first.message : undefined
  const content = isJsonObject(message) ? message.content : undefined
  return typeof content === 'string' ? content : undefined
}
