import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CodedError, isCodedError, type Network, type NodeId, networkSchema, type Random, toHex } from '@blockless/core'
import { loadIdentity } from '@blockless/node'
import { lockFolder } from '@blockless/storage'
import { readUpRecord, type UpRecord } from '../config/state-files.ts'

/** The state folder cannot be used. */
class StateFolderError extends CodedError<'ERR_FOLDER_LOCKED' | 'ERR_FOLDER_STATE', { readonly folder: string }> {}

const HOUR_MS = 3_600_000

/** The folder of a local network: who its nodes are, and all that they keep. */
export class StateFolder implements Disposable {
  readonly path: string
  readonly #lock: Disposable

  private constructor(path: string, lock: Disposable) {
    this.path = path
    this.#lock = lock
  }

  /**
   * Takes the folder for this process; made if it is not there.
   *
   * @throws {StateFolderError} ERR_FOLDER_LOCKED if another process has it
   */
  static async open(folder: string): Promise<StateFolder> {
    const path = resolve(folder)
    await mkdir(path, { recursive: true })
    try {
      return new StateFolder(path, lockFolder(path))
    } catch (cause) {
      if (!isCodedError(cause, 'ERR_STORE_LOCKED')) throw cause
      const running = await readUpRecord(path)
      const where = running === undefined ? '' : ` at ${running.url} (process ${running.pid})`
      const message = `Cannot start: a network already runs in "${path}"${where}; stop it, or choose another --folder`
      throw new StateFolderError('ERR_FOLDER_LOCKED', message, { folder: path }, { cause })
    }
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]()
  }

  headFolder(): string {
    return join(this.path, 'head')
  }

  /** @param index - 1 for the first worker */
  workerFolder(index: number): string {
    return join(this.path, `worker-${index}`)
  }

  /**
   * The folder's network: as it was when it was made, with as many workers as are wanted now.
   *
   * @throws {StateFolderError} ERR_FOLDER_STATE if the folder's network.json cannot be read
   */
  async network(workersCount: number, random: Random, nowMs: number): Promise<Network> {
    const stored = await this.#readNetwork()
    const head = await loadIdentity(join(this.headFolder(), 'key.bin'))
    const workers: NodeId[] = []
    for (let index = 1; index <= workersCount; index++) {
      workers.push((await loadIdentity(join(this.workerFolder(index), 'key.bin'))).signer.nodeId)
    }
    const network: Network = {
      version: 1,
      chainId: stored?.chainId ?? `local-${toHex(random.bytes(4))}`,
      genesisTimeMs: stored?.genesisTimeMs ?? nowMs,
      epochMs: stored?.epochMs ?? HOUR_MS,
      heads: [head.signer.nodeId],
      // Workers of earlier runs stay known, so that the receipts they signed still verify.
      workers: [...new Set([...workers, ...(stored?.workers ?? [])])],
    }
    await this.#write('network.json', networkSchema.toJson(network))
    return network
  }

  /** Notes where the network answers, until {@link forgetUp}. */
  async recordUp(record: UpRecord): Promise<void> {
    await this.#write('up.json', record)
  }

  async forgetUp(): Promise<void> {
    await rm(join(this.path, 'up.json'), { force: true })
  }

  async #readNetwork(): Promise<Network | undefined> {
    const path = join(this.path, 'network.json')
    try {
      return networkSchema.fromJson(JSON.parse(await readFile(path, 'utf8')), '')
    } catch (cause) {
      // Only a file that is not there means a new network: one that cannot be read must not be written over.
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
      const reason = cause instanceof Error ? cause.message : String(cause)
      const message = `Cannot start: "${path}" is not readable (${reason}); remove the folder to begin anew`
      throw new StateFolderError('ERR_FOLDER_STATE', message, { folder: this.path }, { cause })
    }
  }

  /** Whole or not at all: a crash leaves the old file. */
  async #write(name: string, json: unknown): Promise<void> {
    const path = join(this.path, name)
    await writeFile(`${path}.new`, `${JSON.stringify(json, null, 2)}\n`)
    await rename(`${path}.new`, path)
  }
}
