import { flagField, integerField, textField } from '../../../host/shared/call-fields.ts'
import { HandleTable } from '../../../host/shared/handle-table.ts'
import { answered, type HostAnswer, type HostCall, refused } from '../../../host-call/host-call.ts'
import type { HostRun, HostSession } from '../../../host-call/host-family.ts'
import { FileError } from '../../file-error.ts'
import { TRANSFER_SIZE_MAX } from '../fs-limits.ts'
import { statFields } from '../stat-fields.ts'
import type { DescriptorPool } from './descriptor-pool.ts'
import { ExactTimes } from './exact-times.ts'
import { readFileAt, resizeFile, syncHandle, writeFileAt } from './file-operations.ts'
import { checkAllowed, FolderDenied } from './folder-gate.ts'
import { openFields, pathField, timesFields, unsignedField } from './fs-call.ts'
import type { DirectoryHandle, FileHandle, FolderContext, FolderHandle, HostFolder } from './host-folder.ts'
import { statDescriptor } from './kernel-path.ts'
import { listDirectory } from './list-directory.ts'
import { openPathAt } from './open-path.ts'
import {
  createDirectory,
  createLink,
  linkPath,
  type Place,
  readLinkAt,
  removeDirectory,
  renamePath,
  setInodeTimes,
  setPathTimes,
  statPath,
  unlinkPath,
} from './path-operations.ts'
import { errnoNameOf, failWith, nameOfErrno, systemCodeOf } from './system-errno.ts'

const HANDLE_MAX = Number.MAX_SAFE_INTEGER
const FOLDER_ID_LENGTH_MAX = 256

/** Collaborators of a {@link FolderSession}. */
export interface FolderComponents {
  readonly folders: ReadonlyMap<string, HostFolder>
  readonly pool: DescriptorPool
  /** Called when a session has closed everything. */
  readonly closed: (session: FolderSession) => void
}

/**
 * The folders of the host as one run sees them: its handles, and what it does with them.
 *
 * `handle` of a call is the id of a folder or the number of what `fs.open` opened. Calls run one after the other, also
 * where the guest has given up waiting for one, so that no descriptor is closed and its number used again under one that
 * still goes through it.
 */
export class FolderSession implements HostSession {
  readonly #run: HostRun
  readonly #components: FolderComponents
  readonly #handles: HandleTable<FolderHandle>
  readonly #times = new ExactTimes()
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(run: HostRun, components: FolderComponents) {
    this.#run = run
    this.#components = components
    this.#handles = new HandleTable(run.limits.handlesMax)
  }

  /** @see HostSession */
  async call(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    const served = this.#last.then(async () => await this.#answer(call, signal))
    this.#last = served.catch(() => undefined)
    return await unlessAborted(served, signal)
  }

  /** Waits for what is under way, which has been told to stop, and closes all handles. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#last
    for (const { descriptor } of this.#handles.takeAll()) await this.#closeQuietly(descriptor)
    this.#components.closed(this)
  }

  async #answer(call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    signal.throwIfAborted()
    if (this.#isClosed) return refused('badf')
    try {
      return await this.#serve(call, { pool: this.#components.pool, gate: this.#run.gate, times: this.#times, signal })
    } catch (error) {
      if (error instanceof FolderDenied) return refused('denied', { missing: error.missing })
      if (error instanceof FileError) return refused(nameOfErrno(error.errno))
      const code = systemCodeOf(error)
      if (code === undefined) throw error
      return refused(errnoNameOf(code))
    }
  }

  async #serve(call: HostCall, context: FolderContext): Promise<HostAnswer> {
    switch (call.name) {
      case 'fs.open':
        return await this.#open(call, context)
      case 'fs.close':
        return await this.#close(call)
      case 'fs.stat':
        return answered(statFields(this.#times.statOf(await statDescriptor(this.#handle(call).descriptor))))
      case 'fs.set_times':
        return await this.#setTimes(call, context)
      case 'fs.sync':
        await syncHandle(context, this.#handle(call))
        return answered()
      case 'fs.list':
        return await this.#list(call, context)
      case 'fs.read':
      case 'fs.write':
      case 'fs.resize':
        return await this.#useFile(call)
      default:
        return await this.#usePath(call, context)
    }
  }

  async #open(call: HostCall, context: FolderContext): Promise<HostAnswer> {
    const { from, path } = this.#place(call)
    const options = openFields(call)
    this.#checkRoom()
    const opened = await openPathAt(context, from, path, options)
    return answered({ handle: this.#handles.add(opened), kind: opened.kind })
  }

  async #close(call: HostCall): Promise<HostAnswer> {
    const handle = this.#handles.take(integerField(call, 'handle', 1, HANDLE_MAX))
    if (handle === undefined) return refused('badf')
    await this.#components.pool.close(handle.descriptor)
    return answered()
  }

  async #setTimes(call: HostCall, context: FolderContext): Promise<HostAnswer> {
    const handle = this.#handle(call)
    const times = timesFields(call)
    checkAllowed(context.gate, 'write', handle)
    await setInodeTimes(context, handle.descriptor, times)
    return answered()
  }

  async #list(call: HostCall, { gate, signal }: FolderContext): Promise<HostAnswer> {
    const directory = this.#directory(call)
    checkAllowed(gate, 'read', directory)
    return answered({ entries: await listDirectory(directory, signal) })
  }

  async #useFile(call: HostCall): Promise<HostAnswer> {
    const file = this.#file(call)
    switch (call.name) {
      case 'fs.read': {
        const size = integerField(call, 'size', 0, TRANSFER_SIZE_MAX)
        return answered({}, await readFileAt(file, unsignedField(call, 'offset'), size))
      }
      case 'fs.write':
        if (call.bytes.length > TRANSFER_SIZE_MAX) throw new TypeError('Cannot serve "fs.write": it has too many bytes')
        return answered({ written: await writeFileAt(file, unsignedField(call, 'offset'), call.bytes) })
      default:
        await resizeFile(file, unsignedField(call, 'size'))
        return answered()
    }
  }

  async #usePath(call: HostCall, context: FolderContext): Promise<HostAnswer> {
    const place = this.#place(call)
    switch (call.name) {
      case 'fs.stat_at':
        return answered(statFields(await statPath(context, place, flagField(call, 'followSymlink'))))
      case 'fs.set_times_at':
        await setPathTimes(context, place, flagField(call, 'followSymlink'), timesFields(call))
        return answered()
      case 'fs.create_directory':
        await createDirectory(context, place)
        return answered()
      case 'fs.remove_directory':
        await removeDirectory(context, place)
        return answered()
      case 'fs.unlink':
        await unlinkPath(context, place)
        return answered()
      case 'fs.rename':
        await renamePath(context, place, this.#targetPlace(call))
        return answered()
      case 'fs.link':
        await linkPath(context, place, flagField(call, 'followSymlink'), this.#targetPlace(call))
        return answered()
      case 'fs.symlink':
        await createLink(context, pathField(call, 'target'), place)
        return answered()
      case 'fs.read_link':
        return answered({ target: await readLinkAt(context, place) })
      default:
        throw new TypeError(`Cannot serve "${call.name}": folders have no such call`)
    }
  }

  #checkRoom(): void {
    if (this.#handles.isFull) failWith('mfile')
  }

  #place(call: HostCall): Place {
    return { from: this.#directory(call), path: pathField(call, 'path') }
  }

  #targetPlace(call: HostCall): Place {
    return { from: this.#directory(call, 'toHandle'), path: pathField(call, 'toPath') }
  }

  #handle(call: HostCall, field = 'handle'): FolderHandle {
    if (typeof call.fields[field] === 'string') return this.#folder(textField(call, field, FOLDER_ID_LENGTH_MAX))
    return this.#handles.get(integerField(call, field, 1, HANDLE_MAX)) ?? failWith('badf')
  }

  /** A folder itself needs no handle: the family holds it open. */
  #folder(id: string): DirectoryHandle {
    const folder = this.#components.folders.get(id) ?? failWith('nodev')
    return { kind: 'directory', folder, descriptor: folder.descriptor, names: [] }
  }

  #directory(call: HostCall, field = 'handle'): DirectoryHandle {
    const handle = this.#handle(call, field)
    return handle.kind === 'directory' ? handle : failWith('notdir')
  }

  #file(call: HostCall): FileHandle {
    const handle = this.#handle(call)
    return handle.kind === 'file' ? handle : failWith('isdir')
  }

  /** A disk's late error about a file that nobody has any more is the operator's. */
  async #closeQuietly(descriptor: number): Promise<void> {
    try {
      await this.#components.pool.close(descriptor)
    } catch (error) {
      this.#run.log.warn('file of a run did not close', { functionCid: this.#run.functionCid, why: String(error) })
    }
  }
}

/** What `promise` gives, unless `signal` is aborted before. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
