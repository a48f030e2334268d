import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@blockless/core'
import { CLOSED_GATE, encodeFileLayer, HostFolderFamily, type Mount, RunHost } from '@blockless/runtime'
import { loadFolder } from './load-folder.ts'
import type { WasiTest } from './read-suite.ts'

/** A test's folders, fresh, and the world outside that its run needs for them. */
export interface MountedFolders extends AsyncDisposable {
  readonly mounts: readonly Mount[]
  readonly host?: RunHost
}

/** Gives a test its folders: each time fresh ones. */
export type MountFolders = (folders: WasiTest['folders']) => Promise<MountedFolders>

/** What `--files` can say. */
export const FILE_KINDS: Readonly<Record<string, MountFolders>> = { memory: mountInMemory, host: mountHostCopies }

async function mountInMemory(folders: WasiTest['folders']): Promise<MountedFolders> {
  const mounts = folders.map(
    ({ host, guest }): Mount => ({ kind: 'memory', path: guest, files: encodeFileLayer(loadFolder(host)) }),
  )
  return { mounts, [Symbol.asyncDispose]: async () => {} }
}

/** Copies of the folders on the disk, gone after the test. */
async function mountHostCopies(folders: WasiTest['folders']): Promise<MountedFolders> {
  const base = await mkdtemp(join(tmpdir(), 'wasi-conformance-'))
  const copies = folders.map(({ guest }, index) => ({ id: `${index}`, path: join(base, `${index}`), guestPath: guest }))
  for (const [index, { host }] of folders.entries()) await cp(host, join(base, `${index}`), { recursive: true })
  const family = new HostFolderFamily({
    folders: copies.map(({ id, path }) => ({ id, path, guestPath: `/${id}`, readOnly: false })),
  })
  await family.start()
  const components = { families: [family], clock: systemClock, log: silentLogger }
  const gate = { ...CLOSED_GATE, decide: () => ({ isAllowed: true }) as const }
  const host = new RunHost(components, { functionCid: 'conformance', gate, limits: { callsMax: 1_000_000 } })
  return {
    mounts: copies.map(({ id, guestPath }) => ({ kind: 'host', path: guestPath, folder: id })),
    host,
    async [Symbol.asyncDispose]() {
      await host.close()
      await family.stop()
      await rm(base, { recursive: true, force: true })
    },
  }
}
