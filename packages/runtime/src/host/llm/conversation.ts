import type { ChatMessage } from './chat-client.ts'
import { type LlmOptions, NO_OPTIONS } from './llm-options.ts'

/** Messages of one conversation; models forget long before. */
const MESSAGES_MAX = 256
/** UTF-16 units of all messages: a quarter of a million words. */
const LENGTH_MAX = 1024 * 1024

/** What was said in one conversation with a model. */
export class Conversation {
  /** As the guest calls the model. */
  readonly model: string
  options: LlmOptions = NO_OPTIONS
  readonly #said: ChatMessage[] = []
  #length = 0

  constructor(model: string) {
    this.model = model
  }

  /** What to send for the next answer: the system message first, then what was said. */
  get messages(): readonly ChatMessage[] {
    const { system_message: system } = this.options
    return system === null ? [...this.#said] : [{ role: 'system', content: system }, ...this.#said]
  }

  /** Whether there is something to answer. */
  get hasPrompt(): boolean {
    return this.#said.length > 0
  }

  /** Adds what the user says. @returns false if there is no room for it */
  prompt(content: string): boolean {
    return this.#add({ role: 'user', content })
  }

  /** Takes back the last answer if nothing was said since, so that asking again does not make the model answer itself. */
  reopen(): void {
    if (this.#said.at(-1)?.role !== 'assistant') return
    this.#length -= this.#said.pop()?.content.length ?? 0
  }

  /** Adds the model's answer. @returns false if there is no room for it */
  answer(content: string): boolean {
    return this.#add({ role: 'assistant', content })
  }

  #add(message: ChatMessage): boolean {
    const length = this.#length + message.content.length
    if (this.#said.length >= MESSAGES_MAX || length > LENGTH_MAX) return false
    this.#said.push(message)
    this.#length = length
    return true
  }
}
