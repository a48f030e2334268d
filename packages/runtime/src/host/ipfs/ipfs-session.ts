import type { Readable } from 'node:stream'
import type { Agent } from 'undici'
import { CALL_TEXT_SIZE_MAX, HANDLE_MAX } from '../../host-call/call-sizes.ts'
import { answered, type HostAnswer, type HostCall, refused } from '../../host-call/host-call.ts'
import type { HostRun, HostSession } from '../../host-call/host-family.ts'
import { CLOSED_GATE } from '../../policy/gate.ts'
import { createGuardedAgent } from '../http/guarded-agent.ts'
import { type GuardedResponse, guardedRequest } from '../http/guarded-request.ts'
import { ByteReader } from '../shared/byte-reader.ts'
import { integerField, textField } from '../shared/call-fields.ts'
import { HandleTable } from '../shared/handle-table.ts'
import { networkWord } from '../shared/network-word.ts'
import type { Places } from '../shared/places.ts'
import { readAll, readFully } from '../shared/read-body.ts'
import { parseIpfsCommand } from './ipfs-command.ts'
import { multipartFile } from './multipart.ts'

/** Configures an {@link IpfsSession}. */
export interface IpfsSessionInit {
  readonly endpoint: URL
  /** Folder of the node's files that is `/` for the guest, normalized. */
  readonly root: string
  readonly authorization: string | undefined
  /** Connections of the whole node. */
  readonly connections: Places
}

/** What a handle stands for: the response to a command, or a write that has yet to get its bytes. */
type Entry =
  | { readonly kind: 'response'; readonly body: Readable; readonly reader: ByteReader }
  | { readonly kind: 'write'; readonly query: URLSearchParams; status: number | undefined }

const HTTP_OK = 200
/** What is read of a reply that says nothing more than its status, so that its connection can be used again. */
const REPLY_SIZE_MAX = 65_536

/** The files of one run: `ipfs.command`, `ipfs.read`, `ipfs.write` and `ipfs.close`. */
export class IpfsSession implements HostSession {
  readonly #run: HostRun
  readonly #init: IpfsSessionInit
  readonly #handles: HandleTable<Entry>
  readonly #agent: Agent
  #hasRoot: boolean

  constructor(run: HostRun, init: IpfsSessionInit) {
    this.#run = run
    this.#init = init
    this.#handles = new HandleTable(run.limits.handlesMax)
    this.#agent = createGuardedAgent(CLOSED_GATE, {
      operatorEndpoints: [init.endpoint],
      connections: init.connections,
    })
    this.#hasRoot = init.root === '/'
  }

  /** @see HostSession */
  async call(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    try {
      return await this.#serve(call, signal)
    } catch (error) {
      if (signal.aborted) throw error
      const why = networkWord(error)
      // the node is down, or broke off: the guest is told, and the operator can look
      this.#run.log.debug('request to the IPFS node failed', { call: call.name, why })
      return refused('failed', { why })
    }
  }

  /** @see HostSession */
  async close(): Promise<void> {
    for (const entry of this.#handles.takeAll()) release(entry)
    await this.#agent.destroy()
  }

  async #serve(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    if (call.name === 'ipfs.command') return await this.#command(textField(call, 'options', CALL_TEXT_SIZE_MAX), signal)
    const handle = integerField(call, 'handle', 0, HANDLE_MAX)
    if (call.name === 'ipfs.close') {
      release(this.#handles.take(handle))
      return answered()
    }
    const entry = this.#handles.get(handle)
    switch (call.name) {
      case 'ipfs.read':
        return await this.#read(entry, integerField(call, 'size', 1, HANDLE_MAX), signal)
      case 'ipfs.write':
        return await this.#write(entry, call.bytes, signal)
      default:
        throw new TypeError(`Cannot serve "${call.name}": files have no such call`)
    }
  }

  async #command(options: string, signal: AbortSignal): Promise<HostAnswer> {
    const command = parseIpfsCommand(options, this.#init.root)
    if (typeof command === 'string') return refused(command)
    const verdict = this.#run.gate.decide({ kind: 'ipfs', api: command.api })
    if (!verdict.isAllowed) return refused('denied', { missing: verdict.missing })
    // Kubo refuses this for its own root, and a guest's root stays for the rest of its run
    if (command.removesRoot) return refused('parameter')
    if (this.#handles.isFull) return refused('limit', { name: 'handlesMax', max: this.#run.limits.handlesMax })
    await this.#makeRoot(signal)
    if (command.api === 'files/write') {
      return answered({
        handle: this.#handles.add({ kind: 'write', query: command.query, status: undefined }),
        code: 0,
      })
    }
    const { status, body } = await this.#post(command.api, command.query, undefined, signal)
    const entry: Entry = { kind: 'response', body, reader: new ByteReader(body) }
    return answered({ handle: this.#handles.add(entry), code: status })
  }

  async #read(entry: Entry | undefined, size: number, signal: AbortSignal): Promise<HostAnswer> {
    if (entry === undefined) return refused('bad-handle')
    if (entry.kind === 'response') {
      return answered({}, await readFully(entry.reader, Math.min(size, this.#run.limits.bytesMax), signal))
    }
    if (entry.status === undefined) return refused('parameter')
    return entry.status === HTTP_OK ? answered() : refused('failed', { why: `status ${entry.status}` })
  }

  /** The one write of a `files/write`; what the node says of it is told by the read that follows. */
  async #write(entry: Entry | undefined, bytes: Uint8Array, signal: AbortSignal): Promise<HostAnswer> {
    if (entry === undefined) return refused('bad-handle')
    if (entry.kind !== 'write' || entry.status !== undefined || bytes.length === 0) return refused('parameter')
    const { status, body } = await this.#post('files/write', entry.query, multipartFile(bytes), signal)
    await readAll(body, REPLY_SIZE_MAX, signal)
    entry.status = status
    return answered({ written: bytes.length })
  }

  /** A function's own folder is there before its first command, as `/` would be. */
  async #makeRoot(signal: AbortSignal): Promise<void> {
    if (this.#hasRoot) return
    const query = new URLSearchParams({ arg: this.#init.root, parents: 'true' })
    const { body } = await this.#post('files/mkdir', query, undefined, signal)
    await readAll(body, REPLY_SIZE_MAX, signal)
    this.#hasRoot = true
  }

  async #post(
    api: string,
    query: URLSearchParams,
    file: ReturnType<typeof multipartFile> | undefined,
    signal: AbortSignal,
  ): Promise<GuardedResponse> {
    const { endpoint, authorization } = this.#init
    const url = new URL(endpoint)
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v0/${api}`
    url.search = query.toString()
    const headers: [string, string][] = []
    if (authorization !== undefined) headers.push(['authorization', authorization])
    if (file !== undefined) headers.push(['content-type', file.contentType])
    return await guardedRequest(this.#agent, {
      url,
      method: 'POST',
      headers,
      ...(file === undefined ? {} : { body: file.body }),
      decide: () => ({ isAllowed: true }),
      signal,
    })
  }
}

function release(entry: Entry | undefined): void {
  if (entry?.kind === 'response') entry.body.on('error', () => {}).destroy()
}
