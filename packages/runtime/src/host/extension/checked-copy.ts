import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'

/** What was copied; hashes in hexadecimal. */
export interface CopiedFile {
  readonly sha256: string
  readonly md5: string
  readonly size: number
}

const CHUNK_SIZE = 1024 * 1024
/** Read and execute, for the owner alone. */
const EXECUTABLE_MODE = 0o500
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

/**
 * Copies a file into a new one, hashing exactly the bytes that it writes: whatever happens to the original meanwhile, the
 * hashes are those of the copy.
 *
 * @param to - must not exist; removed again if the copy does not succeed
 * @param sizeMax - bytes
 * @throws {RangeError} if the file is larger, or empty; errors of node:fs; rejects with the signal's reason
 */
export async function copyHashed(from: string, to: string, sizeMax: number, signal?: AbortSignal): Promise<CopiedFile> {
  await using source = await open(from, constants.O_RDONLY)
  const stat = await source.stat()
  if (!stat.isFile()) throw new RangeError('it is no regular file')
  if (stat.size > sizeMax) throw new RangeError(`it has ${stat.size} bytes, at most ${sizeMax} are allowed`)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW
  try {
    await using target = await open(to, flags, EXECUTABLE_MODE)
    return await pump(source, target, sizeMax, signal)
  } catch (error) {
    await rm(to, { force: true })
    throw error
  }
}

async function pump(
  source: FileHandle,
  target: FileHandle,
  sizeMax: number,
  signal: AbortSignal | undefined,
): Promise<CopiedFile> {
  const hashes = { sha256: createHash('sha256'), md5: createHash('md5') }
  const chunk = new Uint8Array(CHUNK_SIZE)
  let size = 0
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await source.read(chunk, 0, CHUNK_SIZE)
    if (bytesRead === 0) break
    size += bytesRead
    if (size > sizeMax) throw new RangeError(`it grew to ${size} bytes, at most ${sizeMax} are allowed`)
    const bytes = chunk.subarray(0, bytesRead)
    hashes.sha256.update(bytes)
    hashes.md5.update(bytes)
    await target.writeFile(bytes)
  }
  if (size === 0) throw new RangeError('it is empty')
  return { sha256: hashes.sha256.digest('hex'), md5: hashes.md5.digest('hex'), size }
}
