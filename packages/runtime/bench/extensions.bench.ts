// node packages/runtime/bench/extensions.bench.ts [--json]: what a host call costs over a socket, and starting an extension
// beside node:child_process alone.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@blockless/core'
import { type Action, createExtensionFamilies, ExtensionStore, type Gate, type HostSession } from '@blockless/runtime'
import { HOST_CALL_DEFAULTS } from '../src/defaults.ts'

const COUNT = 200
const OPEN_GATE: Gate = { decide: (_: Action) => ({ isAllowed: true }), decideAddress: () => ({ isAllowed: true }) }
const SCRIPT = '#!/bin/sh\n[ "$1" = --ext_verify ] && echo \'{"alias":"small","is_cgi":true}\' && exit\necho hi\n'

interface Measurement {
  readonly name: string
  readonly p50Ms: number
  readonly p99Ms: number
}

async function measure(name: string, count: number, once: () => Promise<void>): Promise<Measurement> {
  for (let index = 0; index < count / 10; index++) await once()
  const durations: number[] = []
  for (let index = 0; index < count; index++) {
    const startMs = performance.now()
    await once()
    durations.push(performance.now() - startMs)
  }
  durations.sort((a, b) => a - b)
  const at = (part: number): number => durations[Math.floor(durations.length * part)] ?? 0
  return { name, p50Ms: at(0.5), p99Ms: at(0.99) }
}

async function measureSockets(stream: HostSession, signal: AbortSignal): Promise<Measurement[]> {
  const server = createServer((socket) => void socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const bytes = new Uint8Array(1024)
  const opened = await stream.call({ name: 'stream.connect', fields: { address: `127.0.0.1:${port}` }, bytes }, signal)
  const handle = Number(opened.fields['handle'])
  const ours = await measure('echo of 1 KiB through stream.write and stream.read', COUNT * 10, async () => {
    await stream.call({ name: 'stream.write', fields: { handle }, bytes }, signal)
    await stream.call({ name: 'stream.read', fields: { handle, size: 1024 }, bytes: new Uint8Array() }, signal)
  })
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const plain = await measure('echo of 1 KiB through node:net', COUNT * 10, async () => {
    socket.write(bytes)
    await once(socket, 'data')
  })
  socket.destroy()
  await stream.close()
  server.close()
  return [ours, plain]
}

async function measureStart(cgi: HostSession, alias: string, signal: AbortSignal): Promise<Measurement> {
  const bytes = new TextEncoder().encode(JSON.stringify({ command: alias }))
  return await measure(`cgi.open, read and close, ${alias}`, alias === 'large' ? 10 : COUNT, async () => {
    const { fields } = await cgi.call({ name: 'cgi.open', fields: {}, bytes }, signal)
    const handle = Number(fields['handle'])
    await cgi.call({ name: 'cgi.read', fields: { handle, from: 'stdout', size: 100 }, bytes }, signal)
    await cgi.call({ name: 'cgi.close', fields: { handle }, bytes }, signal)
  })
}

const folder = await mkdtemp(join(tmpdir(), 'blockless-bench-'))
const { signal } = new AbortController()
try {
  const store = new ExtensionStore(join(folder, 'extensions'), { clock: systemClock })
  const program = join(folder, 'program')
  await writeFile(program, SCRIPT, { mode: 0o755 })
  await store.add(program)
  // a script is as large as one likes: nothing behind its exit is read
  const large = `${SCRIPT}exit\n${'#'.repeat(100 * 1024 * 1024)}`
  await writeFile(join(folder, 'large'), large, { mode: 0o755 })
  await store.add(join(folder, 'large'), { alias: 'large' })
  const run = {
    functionCid: '',
    gate: OPEN_GATE,
    limits: HOST_CALL_DEFAULTS,
    clock: systemClock,
    log: silentLogger,
    signal,
  }
  const [streams, cgi] = createExtensionFamilies({ folder: join(folder, 'extensions') }, { clock: systemClock })
  if (streams === undefined || cgi === undefined) throw new Error('Two families are needed')
  const session = cgi.open(run)
  const results = [
    ...(await measureSockets(streams.open(run), signal)),
    await measureStart(session, 'small', signal),
    await measure('spawn, read and exit through node:child_process, small', COUNT, async () => {
      const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] })
      await once(child.stdout, 'data')
      await once(child, 'close')
    }),
    await measureStart(session, 'large', signal),
  ]
  await session.close()
  if (process.argv.includes('--json')) console.log(JSON.stringify({ node: process.version, results }))
  else {
    console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`)
    for (const { name, p50Ms, p99Ms } of results) {
      console.log(`${name}: p50 ${p50Ms.toFixed(3)} ms, p99 ${p99Ms.toFixed(3)} ms`)
    }
  }
} finally {
  await rm(folder, { recursive: true })
}
