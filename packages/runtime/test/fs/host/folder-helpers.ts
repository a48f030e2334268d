import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@blockless/core'
import type { Awaitable } from '../../../src/awaitable.ts'
import { HOST_CALL_DEFAULTS } from '../../../src/defaults.ts'
import { FileError } from '../../../src/fs/file-error.ts'
import type { OpenDirectory, OpenOptions } from '../../../src/fs/file-system.ts'
import type { Asker } from '../../../src/fs/host/guest/ask-folder.ts'
import { HostDirectory } from '../../../src/fs/host/guest/host-directory.ts'
import { HostFile } from '../../../src/fs/host/guest/host-file.ts'
import { HostFolderFamily } from '../../../src/fs/host/owner/host-folder-family.ts'
import { decodeAnswer, decodeCall, encodeAnswer, encodeCall, type Fields } from '../../../src/host-call/host-call.ts'
import type { HostRun, HostSession } from '../../../src/host-call/host-family.ts'
import type { Action, Gate, Verdict } from '../../../src/policy/gate.ts'
import { ERRNO, type ErrnoName } from '../../../src/wasi/errno.ts'

export const READ: OpenOptions = {
  read: true,
  write: false,
  create: false,
  exclusive: false,
  truncate: false,
  directory: false,
  followSymlink: true,
}
export const WRITE: OpenOptions = { ...READ, write: true }
export const CREATE: OpenOptions = { ...WRITE, create: true }

/** What a test says of its folder. */
export interface FolderOptions {
  readonly readOnly?: boolean
  readonly handlesMax?: number
  readonly descriptorsMax?: number
  readonly decide?: (action: Action) => Verdict
}

/** A folder on the disk beside things that no guest may reach, and a run that was given the folder. */
export interface TestFolder extends AsyncDisposable {
  /** Holds `inside`, which is the folder, and `outside`, which is not. */
  readonly base: string
  readonly inside: string
  readonly outside: string
  readonly family: HostFolderFamily
  readonly session: HostSession
  readonly asker: Asker
  readonly root: HostDirectory
  call(name: string, fields?: Fields, bytes?: Uint8Array, signal?: AbortSignal): Promise<unknown>
}

/** Makes a {@link TestFolder}; calls are encoded and decoded on their way, as between processes. */
export async function createTestFolder(options: FolderOptions = {}): Promise<TestFolder> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'host-folder-')))
  const [inside, outside] = [join(base, 'inside'), join(base, 'outside')]
  await mkdir(inside)
  await mkdir(outside)
  const { readOnly = false, descriptorsMax } = options
  const family = new HostFolderFamily({
    folders: [{ id: 'data', path: inside, guestPath: '/data', readOnly }],
    ...(descriptorsMax === undefined ? {} : { descriptorsMax }),
  })
  await family.start()
  const session = family.open(hostRun(options))
  const asker = askerOf(session)
  const root = new HostDirectory(asker, 'data')
  return {
    ...{ base, inside, outside, family, session, asker, root },
    call: async (name, fields = {}, bytes = new Uint8Array(), signal = new AbortController().signal) =>
      await session.call({ name, fields, bytes }, signal),
    async [Symbol.asyncDispose]() {
      await session.close()
      await family.stop()
      await rm(base, { recursive: true, force: true })
    },
  }
}

/** A run whose gate allows everything unless told otherwise. */
export function hostRun({ handlesMax = 64, decide = () => ({ isAllowed: true }) }: FolderOptions = {}): HostRun {
  const gate: Gate = { decide, decideAddress: () => ({ isAllowed: false, missing: 'nothing' }) }
  const limits = { ...HOST_CALL_DEFAULTS, handlesMax }
  const { signal } = new AbortController()
  return { functionCid: 'bafy', gate, limits, clock: systemClock, log: silentLogger, signal }
}

/** A guest's way to a session in the same process. */
export function askerOf(session: HostSession): Asker {
  return {
    async ask(name, fields = {}, bytes = new Uint8Array()) {
      const call = decodeCall(encodeCall({ name, fields, bytes }))
      return decodeAnswer(encodeAnswer(await session.call(call, new AbortController().signal)))
    },
  }
}

/** Whether a promise was rejected with this errno. */
export function failsWith(name: ErrnoName): (error: unknown) => boolean {
  return (error) => error instanceof FileError && error.errno === ERRNO[name]
}

/** What a promise ends with: `ok`, or the name of its errno. */
export async function outcomeOf(promise: Awaitable<unknown>): Promise<string> {
  try {
    await promise
    return 'ok'
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    return Object.entries(ERRNO).find(([, errno]) => errno === error.errno)?.[0] ?? 'none'
  }
}

/** All bytes of a file, as text. */
export async function textAt(directory: OpenDirectory, path: string): Promise<string> {
  const file = await openFile(directory, path, READ)
  try {
    return new TextDecoder().decode(await file.read(0n, 1 << 20))
  } finally {
    await file.close()
  }
}

/** Writes a file anew. */
export async function writeText(directory: OpenDirectory, path: string, text: string): Promise<void> {
  const file = await openFile(directory, path, { ...CREATE, truncate: true })
  await file.write(0n, new TextEncoder().encode(text))
  await file.close()
}

/** Opens what is a file. */
export async function openFile(directory: OpenDirectory, path: string, options: OpenOptions): Promise<HostFile> {
  const opened = await directory.open(path, options)
  if (!(opened instanceof HostFile)) throw new TypeError(`"${path}" is a directory`)
  return opened
}

/** Opens what is a directory. */
export async function openDirectory(directory: OpenDirectory, path: string): Promise<HostDirectory> {
  const opened = await directory.open(path, { ...READ, directory: true })
  if (!(opened instanceof HostDirectory)) throw new TypeError(`"${path}" is no directory`)
  return opened
}

/** How many descriptors this process has open that lead somewhere below a path. */
export async function descriptorsBelow(path: string): Promise<number> {
  let count = 0
  for (const descriptor of await readdir('/proc/self/fd')) {
    const target = await realpathOf(`/proc/self/fd/${descriptor}`)
    if (target?.startsWith(path) === true) count++
  }
  return count
}

async function realpathOf(path: string): Promise<string | undefined> {
  return await realpath(path).catch(() => undefined)
}
