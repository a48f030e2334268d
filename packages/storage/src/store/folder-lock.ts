import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { diskError, StoreError } from './store-error.ts'

const SQLITE_BUSY = 5

/**
 * Takes a folder for this process, until disposed or until the process ends, however it ends.
 *
 * The lock is SQLite's exclusive lock on a file in the folder, thus the operating system's own (fcntl, LockFileEx):
 * it goes with its process, also after kill -9, so no lock is ever stale and no process id is ever mistaken for
 * another. It also holds against a second opening in the same process.
 *
 * @throws {StoreError} `ERR_STORE_LOCKED` if another opening has it, `ERR_STORE_DISK` if the folder cannot be written
 */
export function lockFolder(folder: string): Disposable {
  const path = join(folder, 'lock')
  const ownerPath = join(folder, 'lock.pid')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    database?.close()
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY) {
      throw new StoreError({ code: 'ERR_STORE_LOCKED', folder, ownerPid: readPid(ownerPath) }, { cause })
    }
    throw diskError('lock folder', path, cause)
  }
  try {
    writeFileSync(ownerPath, `${process.pid}\n`)
  } catch (cause) {
    database.close()
    throw diskError('write file', ownerPath, cause)
  }
  const held = database
  return {
    [Symbol.dispose]() {
      if (held.isOpen) held.close()
    },
  }
}

// Only for the message: who holds the lock is decided by the lock.
function readPid(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10)
    return Number.isSafeInteger(pid) ? pid : undefined
  } catch {
    return undefined
  }
}
