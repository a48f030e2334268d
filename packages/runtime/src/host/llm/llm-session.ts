import { toUtf8 } from '@blockless/core'
import type { Agent } from 'undici'
import { CALL_TEXT_SIZE_MAX, HANDLE_MAX, MODEL_SIZE_MAX, PROMPT_SIZE_MAX } from '../../host-call/call-sizes.ts'
import { answered, type HostAnswer, type HostCall, refused } from '../../host-call/host-call.ts'
import type { HostRun, HostSession } from '../../host-call/host-family.ts'
import { CLOSED_GATE } from '../../policy/gate.ts'
import { createGuardedAgent } from '../http/guarded-agent.ts'
import { HttpError } from '../http/http-error.ts'
import { integerField, textField } from '../shared/call-fields.ts'
import { HandleTable } from '../shared/handle-table.ts'
import { networkWord } from '../shared/network-word.ts'
import type { Places } from '../shared/places.ts'
import { type ChatEndpoint, type ChatMessage, type ChatOutcome, completeChat } from './chat-client.ts'
import { Conversation } from './conversation.ts'
import { parseLlmOptions } from './llm-options.ts'
import { McpError } from './mcp-error.ts'
import { ToolBox } from './tool-box.ts'
import { describeToolAnswer, describeTools, parseToolCall } from './tool-call.ts'

/** Configures an {@link LlmSession}. */
export interface LlmSessionInit {
  readonly endpoint: ChatEndpoint
  /** The endpoint's name for each of the guest's. */
  readonly models: ReadonlyMap<string, string>
  /** Connections of the whole node. */
  readonly connections: Places
}

/** The model under this name serves all names that have none of their own. */
const ANY_MODEL = '*'
/** The guest's buffer for an answer has a length of two bytes. */
const ANSWER_SIZE_MAX = 65_535

/** The chats of one run: `llm.open`, `llm.model`, `llm.configure`, `llm.options`, `llm.prompt`, `llm.answer`, `llm.close`. */
export class LlmSession implements HostSession {
  readonly #run: HostRun
  readonly #init: LlmSessionInit
  readonly #conversations: HandleTable<Conversation>
  /** Reaches the operator's endpoint whatever its address, and is never given a URL of a guest. */
  readonly #endpointAgent: Agent
  readonly #toolAgent: Agent

  constructor(run: HostRun, init: LlmSessionInit) {
    this.#run = run
    this.#init = init
    this.#conversations = new HandleTable(run.limits.handlesMax)
    const { connections } = init
    this.#endpointAgent = createGuardedAgent(CLOSED_GATE, { operatorEndpoints: [init.endpoint.url], connections })
    this.#toolAgent = createGuardedAgent(run.gate, { connections })
  }

  /** @see HostSession */
  async call(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    if (call.name === 'llm.open') return this.#open(textField(call, 'model', MODEL_SIZE_MAX))
    const handle = integerField(call, 'handle', 0, HANDLE_MAX)
    if (call.name === 'llm.close') {
      return this.#conversations.take(handle) === undefined ? refused('bad-handle') : answered()
    }
    const conversation = this.#conversations.get(handle)
    if (conversation === undefined) return refused('bad-handle')
    switch (call.name) {
      case 'llm.model':
        return answered({}, toUtf8(conversation.model))
      case 'llm.configure':
        return this.#configure(conversation, textField(call, 'options', CALL_TEXT_SIZE_MAX))
      case 'llm.options':
        return answered({}, toUtf8(JSON.stringify(conversation.options)))
      case 'llm.prompt': {
        const isTaken = conversation.prompt(textField(call, 'text', PROMPT_SIZE_MAX))
        return isTaken ? answered() : refused('limit', { name: 'messages' })
      }
      case 'llm.answer':
        return await this.#answer(conversation, signal)
      default:
        throw new TypeError(`Cannot serve "${call.name}": models have no such call`)
    }
  }

  /** @see HostSession */
  async close(): Promise<void> {
    this.#conversations.takeAll()
    await Promise.all([this.#endpointAgent.destroy(), this.#toolAgent.destroy()])
  }

  #open(model: string): HostAnswer {
    const verdict = this.#run.gate.decide({ kind: 'model', model })
    if (!verdict.isAllowed) return refused('denied', { missing: verdict.missing })
    if (this.#modelOf(model) === undefined) return refused('unknown-model', { missing: `a model "${model}"` })
    if (this.#conversations.isFull) return refused('limit', { name: 'handlesMax', max: this.#run.limits.handlesMax })
    return answered({ handle: this.#conversations.add(new Conversation(model)) })
  }

  #modelOf(name: string): string | undefined {
    return this.#init.models.get(name) ?? this.#init.models.get(ANY_MODEL)
  }

  #configure(conversation: Conversation, text: string): HostAnswer {
    const options = parseLlmOptions(text)
    if (options === undefined) return refused('options')
    for (const url of options.tools_sse_urls ?? []) {
      const verdict = this.#run.gate.decide({ kind: 'fetch', url: new URL(url), method: 'GET' })
      if (!verdict.isAllowed) return refused('denied', { missing: verdict.missing })
    }
    conversation.options = options
    return answered()
  }

  async #answer(conversation: Conversation, signal: AbortSignal): Promise<HostAnswer> {
    conversation.reopen()
    if (!conversation.hasPrompt) return refused('failed', { why: 'there is no prompt' })
    try {
      const outcome = await this.#complete(conversation, signal)
      if ('why' in outcome) return this.#failed(outcome.why)
      if (!conversation.answer(outcome.text)) return refused('limit', { name: 'messages' })
      const bytes = new Uint8Array(ANSWER_SIZE_MAX)
      // whole characters only
      const { written } = new TextEncoder().encodeInto(outcome.text, bytes)
      return answered({}, bytes.subarray(0, written))
    } catch (error) {
      if (signal.aborted) throw error
      return this.#refusalOf(error)
    }
  }

  async #complete(conversation: Conversation, signal: AbortSignal): Promise<ChatOutcome> {
    const urls = conversation.options.tools_sse_urls ?? []
    const { messages } = conversation
    if (urls.length === 0) return await this.#chat(conversation, messages, signal)
    // connections to tools last for one answer
    using tools = await ToolBox.open(this.#toolAgent, this.#run.gate, urls, signal)
    const told = withSystem(messages, describeTools(tools.list))
    const first = await this.#chat(conversation, told, signal)
    const call = 'text' in first ? parseToolCall(first.text, tools.names) : undefined
    if (!('text' in first) || call === undefined) return first
    const answer = describeToolAnswer(call, await tools.call(call))
    const exchange: ChatMessage[] = [
      { role: 'assistant', content: first.text },
      { role: 'user', content: answer },
    ]
    return await this.#chat(conversation, [...told, ...exchange], signal)
  }

  async #chat(
    { model, options }: Conversation,
    messages: readonly ChatMessage[],
    signal: AbortSignal,
  ): Promise<ChatOutcome> {
    const { temperature, top_p } = options
    const name = this.#modelOf(model) ?? model
    return await completeChat(
      this.#endpointAgent,
      this.#init.endpoint,
      { model: name, messages, temperature, top_p },
      signal,
    )
  }

  #refusalOf(error: unknown): HostAnswer {
    if (error instanceof McpError) return refused('tools', { why: error.details.why })
    if (error instanceof HttpError && 'missing' in error.details)
      return refused('denied', { missing: error.details.missing })
    return this.#failed(networkWord(error))
  }

  #failed(why: string): HostAnswer {
    this.#run.log.debug('model endpoint failed', { why })
    return refused('failed', { why })
  }
}

/** Adds to the system message, or makes one. */
function withSystem(messages: readonly ChatMessage[], text: string): readonly ChatMessage[] {
  const [first, ...rest] = messages
  if (first?.role !== 'system') return [{ role: 'system', content: text }, ...messages]
  return [{ role: 'system', content: `${first.content}\n\n${text}` }, ...rest]
}
