import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** What one process of an extension has of the disk. */
export interface RunFolder extends AsyncDisposable {
  /** Where its executable goes, named by nothing that a guest chose. */
  readonly file: string
  /** Its working folder, empty. */
  readonly work: string
}

const NAME = /^(\d+)-[0-9a-f]+$/
const OWNER_ONLY = 0o700

/** Makes a fresh folder for one process; disposing removes it with all that the process left there. */
export async function createRunFolder(folder: string): Promise<RunFolder> {
  const path = join(folder, `${process.pid}-${randomBytes(16).toString('hex')}`)
  const work = join(path, 'work')
  await mkdir(work, { recursive: true, mode: OWNER_ONLY })
  return {
    file: join(path, 'extension'),
    work,
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/** Removes folders of nodes that ended without doing so. */
export async function removeStaleRunFolders(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const pid = Number(NAME.exec(name)?.[1])
    if (pid > 0 && !isAlive(pid)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
