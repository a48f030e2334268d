import { constants, fsync, ftruncate, read, write } from 'node:fs'
import { promisify } from 'node:util'
import type { FileHandle, FolderContext, FolderHandle } from './host-folder.ts'
import { inodePath } from './kernel-path.ts'
import { failWith } from './system-errno.ts'

const SIZE_MAX = BigInt(Number.MAX_SAFE_INTEGER)

/** Up to `size` bytes at an offset; fewer only at the end of the file. */
export async function readFileAt({ descriptor }: FileHandle, offset: bigint, size: number): Promise<Uint8Array> {
  if (offset > SIZE_MAX) return new Uint8Array()
  const buffer = Buffer.allocUnsafeSlow(size)
  let count = 0
  while (count < size) {
    const { bytesRead } = await promisify(read)(descriptor, buffer, count, size - count, Number(offset) + count)
    if (bytesRead === 0) break
    count += bytesRead
  }
  return buffer.subarray(0, count)
}

/** Writes bytes at an offset. @returns how many were written: fewer than all if the disk became full on the way */
export async function writeFileAt(file: FileHandle, offset: bigint, bytes: Uint8Array): Promise<number> {
  if (!file.isWritable) failWith('badf')
  if (offset + BigInt(bytes.length) > SIZE_MAX) failWith('fbig')
  let count = 0
  while (count < bytes.length) {
    try {
      const { bytesWritten } = await promisify(write)(
        file.descriptor,
        bytes,
        count,
        bytes.length - count,
        Number(offset) + count,
      )
      count += bytesWritten
    } catch (error) {
      if (count > 0) return count
      throw error
    }
  }
  return count
}

/** Cuts a file off, or grows it with zeros. */
export async function resizeFile(file: FileHandle, size: bigint): Promise<void> {
  if (!file.isWritable) failWith('badf')
  if (size > SIZE_MAX) failWith('fbig')
  await promisify(ftruncate)(file.descriptor, Number(size))
}

/** Waits until what was written is on the disk. */
export async function syncHandle({ pool }: FolderContext, handle: FolderHandle): Promise<void> {
  if (handle.kind === 'file') return await promisify(fsync)(handle.descriptor)
  const descriptor = await pool.open(inodePath(handle.descriptor), constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await promisify(fsync)(descriptor)
  } finally {
    await pool.close(descriptor)
  }
}
