import { mkdirSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { Slots } from '../concurrency/slots.ts'
import type { BlockMedium } from './block-medium.ts'
import { moveIntoPlace, removeFile, syncFolder, writeDurably } from './durable-file.ts'
import { diskError, errnoOf } from './store-error.ts'

// What a file takes on disk comes in pages, and a name costs too: a store of tiny blocks must not fill a disk.
const PAGE_SIZE = 4096

const KEY_PATTERN = /^[a-z2-7]{55,57}$/
const SHARD_PATTERN = /^[a-z2-7]{2}$/
const STAT_WINDOW = 32

// The file system works on four at a time (libuv's threads); more would only use up the process's file descriptors.
const OPEN_FILES_MAX = 32

/** A block found at start. */
export interface FoundBlock {
  readonly key: string
  readonly size: number
  readonly writtenMs: number
}

/**
 * The block medium on disk: `blocks/<shard>/<key>` for bytes, `pins/<root>` for pins, `tmp/` for what is unfinished.
 *
 * The shard is a key's next-to-last two characters (1024 folders), as in Kubo's flatfs: the first ones are the same
 * for all keys and the last one has few values.
 */
export class BlockFiles implements BlockMedium {
  readonly #folder: string
  // Shards with names that no sync has covered yet.
  readonly #unsynced = new Set<string>()
  readonly #slots = new Slots(OPEN_FILES_MAX)
  #fileNumber = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Makes the folders and removes what an earlier process left unfinished. */
  async prepare(): Promise<void> {
    const temporary = join(this.#folder, 'tmp')
    try {
      await rm(temporary, { recursive: true, force: true })
      for (const name of ['tmp', 'blocks', 'pins']) await mkdir(join(this.#folder, name), { recursive: true })
    } catch (cause) {
      throw diskError('prepare folder', this.#folder, cause)
    }
  }

  /** All blocks, oldest first; `unknown` counts files that are none and that are left alone. */
  async scan(signal?: AbortSignal): Promise<{ blocks: FoundBlock[]; unknown: number }> {
    const blocks: FoundBlock[] = []
    let unknown = 0
    for (const shard of await list(join(this.#folder, 'blocks'))) {
      signal?.throwIfAborted()
      if (!SHARD_PATTERN.test(shard)) {
        unknown += 1
        continue
      }
      const names = await list(join(this.#folder, 'blocks', shard))
      const keys = names.filter((name) => KEY_PATTERN.test(name) && shardOf(name) === shard)
      unknown += names.length - keys.length
      for (let start = 0; start < keys.length; start += STAT_WINDOW) {
        const window = keys.slice(start, start + STAT_WINDOW)
        blocks.push(...(await Promise.all(window.map((key) => this.#inspect(key)))))
      }
    }
    blocks.sort((a, b) => a.writtenMs - b.writtenMs || (a.key < b.key ? -1 : 1))
    return { blocks, unknown }
  }

  charge(size: number): number {
    return Math.max(1, Math.ceil(size / PAGE_SIZE)) * PAGE_SIZE
  }

  async stage(key: string, bytes: Uint8Array): Promise<() => void> {
    using _slot = await this.#slots.acquire()
    const temporary = this.#temporaryPath()
    await writeDurably(temporary, bytes)
    return () => {
      makeFolder(join(this.#folder, 'blocks', shardOf(key)))
      moveIntoPlace(temporary, this.#path(key))
      this.#unsynced.add(shardOf(key))
    }
  }

  async read(key: string): Promise<Uint8Array | undefined> {
    using _slot = await this.#slots.acquire()
    const path = this.#path(key)
    try {
      return await readFile(path)
    } catch (cause) {
      if (errnoOf(cause) === 'ENOENT') return undefined
      throw diskError('read file', path, cause)
    }
  }

  remove(key: string): void {
    removeFile(this.#path(key))
  }

  async savePin(root: CID, cids: readonly CID[], keys: readonly string[]): Promise<void> {
    const shards = new Set(keys.map(shardOf)).intersection(this.#unsynced)
    for (const shard of shards) {
      this.#unsynced.delete(shard)
      await syncFolder(join(this.#folder, 'blocks', shard)).catch((error: unknown) => {
        this.#unsynced.add(shard)
        throw error
      })
    }
    if (shards.size > 0) await syncFolder(join(this.#folder, 'blocks'))
    const temporary = this.#temporaryPath()
    await writeDurably(temporary, new TextEncoder().encode(cids.map((cid) => `${cid}\n`).join('')))
    moveIntoPlace(temporary, this.#pinPath(root.toString()))
    await syncFolder(join(this.#folder, 'pins'))
  }

  async removePin(root: CID): Promise<void> {
    removeFile(this.#pinPath(root.toString()))
    await syncFolder(join(this.#folder, 'pins'))
  }

  /** The names of all pins. */
  async listPins(): Promise<string[]> {
    return await list(join(this.#folder, 'pins'))
  }

  /** The lines of a pin. */
  async readPin(name: string): Promise<string[]> {
    const path = this.#pinPath(name)
    try {
      const text = await readFile(path, 'utf8')
      return text.split('\n').filter((line) => line !== '')
    } catch (cause) {
      throw diskError('read file', path, cause)
    }
  }

  async #inspect(key: string): Promise<FoundBlock> {
    const path = this.#path(key)
    try {
      const { size, mtimeMs } = await stat(path)
      return { key, size, writtenMs: mtimeMs }
    } catch (cause) {
      throw diskError('read file', path, cause)
    }
  }

  #path(key: string): string {
    return join(this.#folder, 'blocks', shardOf(key), key)
  }

  #pinPath(name: string): string {
    return join(this.#folder, 'pins', name)
  }

  #temporaryPath(): string {
    this.#fileNumber += 1
    return join(this.#folder, 'tmp', String(this.#fileNumber))
  }
}

function shardOf(key: string): string {
  return key.slice(-3, -1)
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (cause) {
    throw diskError('make folder', path, cause)
  }
}

async function list(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (cause) {
    throw diskError('list folder', path, cause)
  }
}
