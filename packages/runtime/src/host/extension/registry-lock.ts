import { open, readFile, rm } from 'node:fs/promises'
import { ExtensionError } from './extension-error.ts'
import { isAlive } from './run-folders.ts'

/**
 * Keeps other processes from changing the list of extensions, until disposed.
 *
 * @param path - of the lock's own file, which holds the process id of its owner
 * @throws {ExtensionError} `ERR_EXTENSION_BUSY` if another process has it
 */
export async function lockRegistry(path: string): Promise<AsyncDisposable> {
  if (!(await tryLock(path))) {
    const owner = Number(await readFile(path, 'utf8').catch(() => ''))
    // a process that was killed leaves its lock behind
    if (owner > 0 && !isAlive(owner)) await rm(path, { force: true })
    if (!(await tryLock(path))) throw new ExtensionError({ code: 'ERR_EXTENSION_BUSY', path })
  }
  return { [Symbol.asyncDispose]: async () => await rm(path, { force: true }) }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await using file = await open(path, 'wx', 0o600)
    await file.writeFile(String(process.pid))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
