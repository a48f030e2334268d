import { invariant } from '@blockless/core'
import type { HostFamily, HostRun, HostSession } from '../../../host-call/host-family.ts'
import { DescriptorPool } from './descriptor-pool.ts'
import { FolderSession } from './folder-session.ts'
import type { HostFolder, HostFolderInit } from './host-folder.ts'
import { checkApart, openFolder } from './open-folder.ts'

/** Descriptors of all runs together: as many as a node's connections are, far below what Linux gives a process. */
const DESCRIPTORS_MAX = 4096

/** Configures a {@link HostFolderFamily}. */
export interface HostFolderFamilyInit {
  readonly folders: readonly HostFolderInit[]
  /** Descriptors that all runs together may have open; 4096 unless given. */
  readonly descriptorsMax?: number
}

/**
 * Folders of this machine, for functions: the calls `fs.*`.
 *
 * No path, link, rename, mount or race leads a guest out of the folder it was given. That is so on Linux with `/proc`
 * mounted; elsewhere nothing is offered, as Node has no way there to open a name in a directory that is held open, and a
 * check of a path before its use can be outrun. What the operator puts into a folder is part of it, hard links to files
 * that have other names outside too.
 *
 * @see docs/spec/host-folders.md
 */
export class HostFolderFamily implements HostFamily {
  readonly name = 'fs'
  readonly #init: HostFolderFamilyInit
  readonly #pool: DescriptorPool
  readonly #folders = new Map<string, HostFolder>()
  readonly #sessions = new Set<FolderSession>()
  #isStarted = false

  constructor(init: HostFolderFamilyInit) {
    this.#init = init
    this.#pool = new DescriptorPool(init.descriptorsMax ?? DESCRIPTORS_MAX)
  }

  /**
   * Opens the folders and holds them, so that what becomes of their paths later changes nothing.
   *
   * @throws {HostFolderError} if one is no directory, lies inside another, or this machine has no way to keep guests in it
   */
  async start(): Promise<void> {
    invariant(!this.#isStarted, 'folders are opened once')
    this.#isStarted = true
    try {
      await checkApart(this.#init.folders)
      for (const folder of this.#init.folders) this.#folders.set(folder.id, await openFolder(this.#pool, folder))
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /**
   * Ends what runs still do in the folders, then gives the folders back: the number of a folder's descriptor must not
   * become another file's while a call goes through it.
   */
  async stop(): Promise<void> {
    const folders = [...this.#folders.values()]
    this.#folders.clear()
    for (const session of this.#sessions) await session.close()
    for (const { descriptor } of folders) await this.#pool.close(descriptor)
  }

  /** @see HostFamily */
  open(run: HostRun): HostSession {
    const session = new FolderSession(run, {
      folders: this.#folders,
      pool: this.#pool,
      closed: (ended) => void this.#sessions.delete(ended),
    })
    this.#sessions.add(session)
    return session
  }
}
