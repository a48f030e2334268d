import type { Agent } from 'undici'
import type { Gate } from '../../policy/gate.ts'
import { HttpError } from '../http/http-error.ts'
import { networkWord } from '../shared/network-word.ts'
import { McpClient, type Tool } from './mcp-client.ts'
import { McpError } from './mcp-error.ts'
import type { ToolCall } from './tool-call.ts'

/** Characters of a tool's answer that a model is told. */
const ANSWER_LENGTH_MAX = 65_536

/** The tools of several servers, for one answer of a model. */
export class ToolBox implements Disposable {
  readonly #signal: AbortSignal
  readonly #clients: McpClient[] = []
  readonly #owners = new Map<string, McpClient>()
  readonly #list: Tool[] = []

  private constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /**
   * Connects to all servers.
   *
   * @throws {McpError} if one of them cannot be used
   * @throws {HttpError} if the gate refuses one
   */
  static async open(agent: Agent, gate: Gate, urls: readonly string[], signal: AbortSignal): Promise<ToolBox> {
    const box = new ToolBox(signal)
    try {
      for (const text of urls) {
        const url = new URL(text)
        await box.#attempt(url.host, async () => box.#add(await McpClient.connect(agent, gate, url, signal)))
      }
      return box
    } catch (error) {
      box[Symbol.dispose]()
      throw error
    }
  }

  /** All tools; of two with one name, the first. */
  get list(): readonly Tool[] {
    return this.#list
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#owners.keys())
  }

  /** Calls a tool of the list. @returns the text of its answer */
  async call({ name, input }: ToolCall): Promise<string> {
    const owner = this.#owners.get(name)
    if (owner === undefined) throw new RangeError(`Cannot call tool "${name}": there is none of this name`)
    const text = await this.#attempt(owner.host, () => owner.callTool(name, input))
    return text.slice(0, ANSWER_LENGTH_MAX)
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]()
  }

  async #add(client: McpClient): Promise<void> {
    this.#clients.push(client)
    for (const tool of await client.listTools()) {
      if (this.#owners.has(tool.name)) continue
      this.#owners.set(tool.name, client)
      this.#list.push(tool)
    }
  }

  /** What the network does to a server of tools is that server's failure, not the model's. */
  async #attempt<T>(host: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      const isDenied = error instanceof HttpError && 'missing' in error.details
      if (this.#signal.aborted || isDenied || error instanceof McpError) throw error
      throw new McpError(host, networkWord(error), { cause: error })
    }
  }
}
