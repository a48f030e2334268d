import type { Fields } from '../../../host-call/host-call.ts'
import type { FileStat, FileTimes, OpenFile } from '../../file-system.ts'
import { TRANSFER_SIZE_MAX } from '../fs-limits.ts'
import { statOfFields } from '../stat-fields.ts'
import { type Asker, askFolder, numberOf } from './ask-folder.ts'

/** A regular file of a folder of the host, as a guest's thread sees it: a number that the owner knows. */
export class HostFile implements OpenFile {
  readonly kind = 'file'
  readonly #asker: Asker
  readonly #handle: number

  /** @param handle - as the owner numbered it */
  constructor(asker: Asker, handle: number) {
    this.#asker = asker
    this.#handle = handle
  }

  async stat(): Promise<FileStat> {
    return statOfFields((await askFolder(this.#asker, 'fs.stat', { handle: this.#handle })).fields)
  }

  async read(offset: bigint, size: number): Promise<Uint8Array> {
    const first = await this.#readPart(offset, Math.min(size, TRANSFER_SIZE_MAX))
    if (size <= TRANSFER_SIZE_MAX || first.length < TRANSFER_SIZE_MAX) return first
    const parts = [first]
    let count = first.length
    while (count < size) {
      const wanted = Math.min(size - count, TRANSFER_SIZE_MAX)
      const part = await this.#readPart(offset + BigInt(count), wanted)
      parts.push(part)
      count += part.length
      if (part.length < wanted) break
    }
    return concat(parts, count)
  }

  async write(offset: bigint, bytes: Uint8Array): Promise<number> {
    let count = 0
    do {
      const part = bytes.subarray(count, count + TRANSFER_SIZE_MAX)
      const fields = { handle: this.#handle, offset: (offset + BigInt(count)).toString() }
      const written = numberOf(await askFolder(this.#asker, 'fs.write', fields, part), 'written')
      count += written
      if (written < part.length) break
    } while (count < bytes.length)
    return count
  }

  async setSize(size: bigint): Promise<void> {
    await askFolder(this.#asker, 'fs.resize', { handle: this.#handle, size: size.toString() })
  }

  async setTimes(times: FileTimes): Promise<void> {
    await askFolder(this.#asker, 'fs.set_times', { handle: this.#handle, ...timesFields(times) })
  }

  async sync(): Promise<void> {
    await askFolder(this.#asker, 'fs.sync', { handle: this.#handle })
  }

  async close(): Promise<void> {
    await askFolder(this.#asker, 'fs.close', { handle: this.#handle })
  }

  async #readPart(offset: bigint, size: number): Promise<Uint8Array> {
    const fields = { handle: this.#handle, offset: offset.toString(), size }
    return (await askFolder(this.#asker, 'fs.read', fields)).bytes
  }
}

/** Times as fields of a call: absent ones are left out. */
export function timesFields({ accessedNs, modifiedNs }: FileTimes): Fields {
  return {
    ...(accessedNs === undefined ? {} : { accessedNs: accessedNs.toString() }),
    ...(modifiedNs === undefined ? {} : { modifiedNs: modifiedNs.toString() }),
  }
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size)
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}
