import { randomBytes } from 'node:crypto'
import { readdirSync, readlinkSync } from 'node:fs'
import { mkdir, readdir, realpath, rm } from 'node:fs/promises'
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
/** Looks for processes in a folder: one that starts others faster than this is stopped by its own limits. */
const PASSES_MAX = 10

/** Makes a fresh folder for one process; disposing removes it with all that the process left there, and who works there. */
export async function createRunFolder(folder: string): Promise<RunFolder> {
  const path = join(folder, `${process.pid}-${randomBytes(16).toString('hex')}`)
  const work = join(path, 'work')
  await mkdir(work, { recursive: true, mode: OWNER_ONLY })
  const real = await realpath(path)
  return {
    file: join(path, 'extension'),
    work,
    [Symbol.asyncDispose]: async () => {
      killInside(real)
      await rm(path, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** Removes folders of nodes that ended without doing so; links among them lead elsewhere, and nobody there is touched. */
export async function removeStaleRunFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  if (entries.length === 0) return
  const real = await realpath(folder)
  for (const entry of entries) {
    const pid = Number(NAME.exec(entry.name)?.[1])
    if (!entry.isDirectory() || !(pid > 0) || isAlive(pid)) continue
    killInside(join(real, entry.name))
    await rm(join(real, entry.name), { recursive: true, force: true })
  }
}

/** Kills what has its working folder inside of `folder`, which no other program can know; on Linux only. */
function killInside(folder: string): void {
  if (process.platform !== 'linux') return
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
    const inside = pids.filter((pid) => isInside(workingFolderOf(pid), folder))
    if (inside.length === 0) return
    for (const pid of inside) kill(pid)
  }
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

/** Empty if the process has gone, or is another user's. */
function workingFolderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has gone meanwhile
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
