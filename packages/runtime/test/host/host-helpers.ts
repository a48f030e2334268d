import { once } from 'node:events'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@blockless/core'
import { HOST_CALL_DEFAULTS } from '../../src/defaults.ts'
import type { Fields, HostAnswer } from '../../src/host-call/host-call.ts'
import type { HostRun, HostSession } from '../../src/host-call/host-family.ts'
import type { Action, Gate } from '../../src/policy/gate.ts'

/** Lets everything through, and remembers what was asked. */
export function openGate(): Gate & { readonly asked: Action[]; readonly addresses: string[] } {
  const asked: Action[] = []
  const addresses: string[] = []
  return {
    asked,
    addresses,
    decide: (action) => {
      asked.push(action)
      return { isAllowed: true }
    },
    decideAddress: (address) => {
      addresses.push(address)
      return { isAllowed: true }
    },
  }
}

/** A run with its own end. */
export function hostRun(init: Partial<HostRun> = {}): HostRun {
  const { signal } = new AbortController()
  const gate = init.gate ?? openGate()
  return {
    functionCid: 'bafy',
    limits: HOST_CALL_DEFAULTS,
    clock: systemClock,
    log: silentLogger,
    signal,
    ...init,
    gate,
  }
}

/** How tests call a session. */
export type Ask = (
  name: string,
  fields?: Fields,
  bytes?: Uint8Array | string,
  signal?: AbortSignal,
) => Promise<HostAnswer>

/** Calls of a session, which give up after ten seconds. */
export function asking(session: HostSession): Ask {
  return async (name, fields = {}, bytes = '', signal = AbortSignal.timeout(10_000)) =>
    await session.call({ name, fields, bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes }, signal)
}

/** The handle of an answer that must be one. */
export function handleOf({ status, fields }: HostAnswer): number {
  const { handle } = fields
  if (status !== 'ok' || typeof handle !== 'number') throw new Error(`no handle but "${status}"`)
  return handle
}

/** A TCP server on loopback that is gone at the end of the test. */
export async function tcpServer(serve: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** A folder that is gone at the end of the test. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string
  /** Writes a file that can be executed. @returns its path */
  program(name: string, text: string | Uint8Array): Promise<string>
}

/** Makes a fresh folder. */
export async function testFolder(): Promise<TestFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'blockless-host-')))
  return {
    path,
    program: async (name, text) => {
      const file = join(path, name)
      await writeFile(file, text, { mode: 0o755 })
      return file
    },
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }),
  }
}

/** Looks again until something holds. @throws after ten seconds */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + 10_000
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`${what} did not come about`)
    await systemClock.sleep(10)
  }
}
