import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Logger, silentLogger } from '@blockless/core'
import { CID } from 'multiformats/cid'
import { blockKey } from '../block/block-hash.ts'
import { STORE_COUNT_MAX } from '../defaults.ts'
import { BlockFiles } from './block-files.ts'
import { lockFolder } from './folder-lock.ts'
import { IndexedStore } from './indexed-store.ts'
import { diskError, StoreError } from './store-error.ts'

/** Configuration of a {@link BlockStore}. */
export interface BlockStoreInit {
  /** Where the blocks rest; made if it is not there; the store owns all of it. */
  readonly folder: string
  /** Bytes on disk, each block in pages of 4096, `> 0`. */
  readonly sizeMax: number
  /** Blocks stored at once. Default: {@link STORE_COUNT_MAX}. */
  readonly countMax?: number
  readonly log?: Logger
}

/**
 * Blocks on disk, one file each, under a size cap.
 *
 * - A block counts as stored when its file, written aside and synced (fdatasync), has been renamed into place.
 * - A pin also syncs the folders that its blocks' names are in: what is pinned survives a power failure, an unpinned
 *   block may lose its name in one.
 * - Bytes are verified whenever they are read; a corrupted file is deleted, logged as a warning, and counts as missing.
 * - Nothing but pins and block files is persistent: the index is rebuilt at start, in the order of writing.
 *
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { BlockStore, importFiles } from '@blockless/storage'
 * const folder = await mkdtemp(join(tmpdir(), 'blocks-'))
 * {
 *   await using store = await BlockStore.open({ folder, sizeMax: 50_000_000 })
 *   const content = new TextEncoder().encode('{}')
 *   const { cid } = await importFiles(store, [{ path: 'config.json', content }], { pin: true })
 *   assert.ok(store.has(cid) && store.isKept(cid))
 * }
 * await rm(folder, { recursive: true })
 * ```
 */
export class BlockStore extends IndexedStore implements AsyncDisposable {
  readonly #folder: string
  readonly #lock: Disposable
  #isClosed = false

  private constructor(files: BlockFiles, lock: Disposable, init: BlockStoreInit) {
    super(files, { countMax: STORE_COUNT_MAX, ...init })
    this.#folder = init.folder
    this.#lock = lock
  }

  /**
   * Opens the store in a folder for this process alone.
   *
   * Reads one directory entry per block: 10,000 blocks take a tenth of a second. If more is stored than `sizeMax`
   * allows, the oldest unpinned blocks go.
   *
   * @throws {StoreError} `ERR_STORE_LOCKED` if it is open elsewhere, `ERR_STORE_DISK` if the folder cannot be used
   */
  static async open(init: BlockStoreInit, options: { readonly signal?: AbortSignal } = {}): Promise<BlockStore> {
    const folder = resolve(init.folder)
    const log = init.log ?? silentLogger
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw diskError('make folder', folder, cause)
    })
    using guard = new DisposableStack()
    const lock = guard.use(lockFolder(folder))
    const files = new BlockFiles(folder)
    await files.prepare()
    const store = new BlockStore(files, lock, { ...init, folder })
    const { blocks, unknown } = await files.scan(options.signal)
    for (const { key, size } of blocks) store.index.add(key, files.charge(size))
    await store.#loadPins(files, log)
    for (const key of store.index.trim()) files.remove(key)
    log.info('block store opened', { folder, count: store.index.count, size: store.index.size, unknown })
    guard.move()
    return store
  }

  /** Waits for the puts under way, then gives the folder free; the store refuses every call from here on. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.drain()
    this.#lock[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  protected override assertOpen(): void {
    if (this.#isClosed) throw new StoreError({ code: 'ERR_STORE_CLOSED', folder: this.#folder })
  }

  async #loadPins(files: BlockFiles, log: Logger): Promise<void> {
    for (const name of await files.listPins()) {
      const lines = await files.readPin(name)
      const keys = parsePin(name, lines)
      // Left in place for a person to look at: a pin that cannot be read must not look like no pin.
      if (keys === undefined) log.error('pin unreadable', { folder: this.#folder, name })
      else this.index.pin(name, keys)
    }
  }
}

function parsePin(name: string, lines: readonly string[]): string[] | undefined {
  try {
    CID.parse(name)
    return lines.map((line) => blockKey(CID.parse(line))).filter((key) => key !== undefined)
  } catch {
    return undefined
  }
}
