import { answered, type HostAnswer, type HostCall, refused } from '../../host-call/host-call.ts'
import type { HostRun, HostSession } from '../../host-call/host-family.ts'
import { integerField, textField } from '../shared/call-fields.ts'
import { HandleTable } from '../shared/handle-table.ts'
import type { Places } from '../shared/places.ts'
import { parseCgiRequest } from './cgi-request.ts'
import { ExtensionError } from './extension-error.ts'
import { ExtensionProcess } from './extension-process.ts'
import type { ExtensionStore } from './extension-store.ts'
import type { ProcessLimits } from './process-limits.ts'
import type { Extension } from './registry.ts'

/** Collaborators of a {@link CgiSession}. */
export interface CgiComponents {
  readonly store: ExtensionStore
  /** Processes of the whole node. */
  readonly processes: Places
  readonly limits: ProcessLimits
}

/** A process with its folder. */
interface RunningExtension {
  readonly kind: 'process'
  readonly process: ExtensionProcess
  close(): Promise<void>
}

/** The list of extensions as it was when a guest asked for it. */
interface ExtensionList {
  readonly kind: 'list'
  readonly bytes: Uint8Array
  offset: number
}

const HANDLE_MAX = 0xffff_ffff
const READ_SIZE_MAX = 1024 * 1024
/** Processes of one run; a node has few places for all. */
const HANDLES_MAX = 16

/**
 * The extensions that one run has started, and the lists that it reads, numbered together.
 *
 * `cgi.open` starts one, `cgi.list` begins a list; `cgi.read` (`stdout`, `stderr` or `list`), `cgi.write` and `cgi.close`
 * use them.
 */
export class CgiSession implements HostSession {
  readonly #run: HostRun
  readonly #components: CgiComponents
  readonly #open: HandleTable<RunningExtension | ExtensionList>
  #isClosed = false

  constructor(run: HostRun, components: CgiComponents) {
    this.#run = run
    this.#components = components
    this.#open = new HandleTable(Math.min(HANDLES_MAX, run.limits.handlesMax))
  }

  /** @see HostSession */
  async call(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    switch (call.name) {
      case 'cgi.open':
        return await this.#start(call.bytes, signal)
      case 'cgi.list':
        return await this.#list()
      case 'cgi.read':
        return await this.#read(call, signal)
      case 'cgi.write': {
        const found = this.#open.get(integerField(call, 'handle', 0, HANDLE_MAX))
        return found?.kind === 'process' ? await found.process.write(call.bytes, signal) : refused('bad-handle')
      }
      case 'cgi.close': {
        const found = this.#open.take(integerField(call, 'handle', 0, HANDLE_MAX))
        if (found === undefined) return refused('bad-handle')
        if (found.kind === 'process') await found.close()
        return answered()
      }
      default:
        throw new TypeError(`Cannot serve "${call.name}": extensions have no such call`)
    }
  }

  /** @see HostSession */
  async close(): Promise<void> {
    this.#isClosed = true
    const open = this.#open.takeAll()
    await Promise.allSettled(open.map(async (each) => (each.kind === 'process' ? await each.close() : undefined)))
  }

  async #start(bytes: Uint8Array, signal: AbortSignal): Promise<HostAnswer> {
    const request = parseCgiRequest(bytes)
    if (request === undefined) return refused('parameter')
    const { store, processes, limits } = this.#components
    if (this.#open.isFull) return refused('limit', { name: 'extensionsMax', max: HANDLES_MAX })
    // asked before it is looked up, so that what is not allowed cannot be told from what is not there
    const verdict = this.#run.gate.decide({ kind: 'exec', extension: request.command })
    if (!verdict.isAllowed) return refused('denied', { missing: verdict.missing })
    const extension = (await this.#installed()).find(({ alias }) => alias === request.command)
    if (extension === undefined) return refused('unknown-extension')
    if (!processes.take()) return refused('limit', { name: 'processesMax', max: processes.countMax })
    await using started = new AsyncDisposableStack()
    started.defer(() => processes.give())
    try {
      const folder = started.use(await store.checkOut(extension, signal))
      const env = this.#environment(extension, request.envs)
      const init = { file: folder.file, args: request.args, env, folder: folder.work, limits }
      const process = await ExtensionProcess.start(extension.alias, init)
      started.defer(async () => await process.close())
      signal.throwIfAborted()
      if (this.#isClosed) return refused('closed')
      const owned = started.move()
      const handle = this.#open.add({ kind: 'process', process, close: async () => await owned.disposeAsync() })
      return answered({ handle })
    } catch (error) {
      if (!(error instanceof ExtensionError)) throw error
      this.#run.log.error('extension cannot be used', { alias: extension.alias, code: error.code, why: error.message })
      return refused('unusable')
    }
  }

  /** A list that cannot be read is the operator's to mend; guests see no extensions until then. */
  async #installed(): Promise<readonly Extension[]> {
    try {
      return (await this.#components.store.list()).extensions
    } catch (error) {
      if (!(error instanceof ExtensionError)) throw error
      this.#run.log.error('extensions cannot be read', { code: error.code, why: error.message })
      return []
    }
  }

  /** Only what the operator lets guests set: other variables could make an interpreter run what the guest says. */
  #environment({ alias, envs }: Extension, given: readonly { name: string; value: string }[]): Record<string, string> {
    const dropped = given.filter(({ name }) => !envs.includes(name)).map(({ name }) => name)
    if (dropped.length > 0) this.#run.log.debug('variables kept from an extension', { alias, dropped })
    return Object.fromEntries(given.filter(({ name }) => envs.includes(name)).map(({ name, value }) => [name, value]))
  }

  /** Lists what the run may start and no more, as JSON in the words of the existing runtime. */
  async #list(): Promise<HostAnswer> {
    if (this.#open.isFull) return refused('limit', { name: 'extensionsMax', max: HANDLES_MAX })
    const shown = (await this.#installed())
      .filter(({ alias }) => this.#run.gate.decide({ kind: 'exec', extension: alias }).isAllowed)
      .map(({ fileName, alias, md5, description }) => ({ fileName, alias, md5, description }))
    const bytes = new TextEncoder().encode(JSON.stringify(shown))
    return answered({ handle: this.#open.add({ kind: 'list', bytes, offset: 0 }) })
  }

  async #read(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    const found = this.#open.get(integerField(call, 'handle', 0, HANDLE_MAX))
    const size = Math.min(integerField(call, 'size', 0, HANDLE_MAX), READ_SIZE_MAX, this.#run.limits.bytesMax)
    const from = textField(call, 'from', 8)
    if (found?.kind === 'list' && from === 'list') {
      const bytes = found.bytes.subarray(found.offset, found.offset + size)
      found.offset += bytes.length
      return answered({}, bytes)
    }
    if (found?.kind !== 'process' || (from !== 'stdout' && from !== 'stderr')) return refused('bad-handle')
    return await found.process.read(from, size, signal)
  }
}
