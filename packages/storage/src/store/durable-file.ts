import { renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { diskError, errnoOf } from './store-error.ts'

/**
 * Writes bytes to a new file and returns when they would survive a power failure (fdatasync); the name would not yet.
 *
 * @throws {StoreError} `ERR_STORE_DISK`; the file is gone then
 */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await using file = await open(path, 'wx')
    await file.writeFile(bytes)
    await file.datasync()
  } catch (cause) {
    rmSync(path, { force: true })
    throw diskError('write file', path, cause)
  }
}

/**
 * Gives a finished file its name, in one step: readers see the old state or the whole file.
 *
 * @throws {StoreError} `ERR_STORE_DISK`; the finished file is gone then
 */
export function moveIntoPlace(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (cause) {
    rmSync(from, { force: true })
    throw diskError('write file', to, cause)
  }
}

/** Deletes a file; none is fine. @throws {StoreError} `ERR_STORE_DISK` */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch (cause) {
    throw diskError('delete file', path, cause)
  }
}

/** Returns when the names in a folder would survive a power failure. @throws {StoreError} `ERR_STORE_DISK` */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r')
    await folder.sync()
  } catch (cause) {
    // Windows opens no folders; there the file system's own journal orders the names.
    if (['EPERM', 'EISDIR', 'EACCES'].includes(errnoOf(cause) ?? '') && process.platform === 'win32') return
    throw diskError('sync folder', path, cause)
  }
}
