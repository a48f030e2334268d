import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '@blockless/client'
import { fixture } from '@blockless/testing'
import { bls, isAlive, startUp, tempFolder, until } from './support/bls.ts'
import { descendants } from './support/processes.ts'

const FOUR = { kind: 'aggregate', nodes: 4, threshold: 3 } as const

test('bls up --separate answers though a worker is killed in the middle of a request', async () => {
  await using folder = await tempFolder()
  await using up = await startUp(join(folder.path, 'state'), ['--separate'])
  const client = createClient({ url: up.ready.url })
  const modules = [{ file: 'main.wasm', name: 'main', type: 'entry' as const }]
  const limits = { fuel: 1_000_000_000, memoryBytes: 1_048_576, outputBytes: 1_024, deadlineMs: 60_000 }
  const manifest = { version: 1 as const, name: 'spin', modules, agreement: FOUR, limits }
  const deployment = await client.deploy({ manifest, wasm: await fixture('spin') })
  const victim = up.ready.processes.find(({ role }) => role === 'worker')
  assert.ok(victim !== undefined)
  const invoking = client.invoke('spin')
  await until('the request is under way', async () => (await client.status()).underWay === 1)
  process.kill(victim.pid, 'SIGKILL')
  const { receipt, exit } = await invoking
  assert.equal(exit.kind, 'out-of-fuel')
  assert.equal(receipt.votes.length, 3)
  const dead = receipt.replaced.map(({ node }) => node)
  assert.deepEqual(dead.length, 1)
  assert.ok(deployment.subnet.members.includes(dead[0] ?? ''))
})

test('bls up leaves no process and no port behind when it is killed', async (t) => {
  if (process.platform !== 'linux') return t.skip('processes are listed by /proc')
  for (const options of [[], ['--separate']]) {
    await using folder = await tempFolder()
    const up = await startUp(join(folder.path, 'state'), options)
    const children = descendants(up.ready.pid)
    assert.ok(children.length >= 4, `${children.length} child processes`)
    up.child.kill('SIGKILL')
    await until('all processes are gone', () => !children.some(isAlive))
    const again = await startUp(join(folder.path, 'state'), ['--port', new URL(up.ready.url).port])
    assert.equal(await again.stop(), 0)
  }
})

test('bls up stops on Ctrl-C with exit code 0 and ends its children', async () => {
  await using folder = await tempFolder()
  const up = await startUp(join(folder.path, 'state'))
  const children = descendants(up.ready.pid)
  assert.equal(await up.stop(), 0)
  await until('all processes are gone', () => !children.some(isAlive))
})

test('a second bls up in the same folder says who has it', async () => {
  await using folder = await tempFolder()
  const state = join(folder.path, 'state')
  await using up = await startUp(state)
  const second = await bls(['up', '--folder', state, '--port', '0', '--once', '--json'])
  assert.notEqual(second.code, 0)
  const { error } = JSON.parse(second.stderr)
  assert.equal(error.code, 'ERR_FOLDER_LOCKED')
  assert.match(error.message, new RegExp(`process ${up.ready.pid}`))
})

test('bls up says that its port is taken', async () => {
  await using folder = await tempFolder()
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const result = await bls(['up', '--folder', join(folder.path, 'state'), '--port', String(port), '--once', '--json'])
  server.close()
  assert.notEqual(result.code, 0)
  assert.equal(JSON.parse(result.stderr).error.code, 'ERR_PORT_TAKEN')
})

test('a restarted network keeps its functions and receipts', async () => {
  await using folder = await tempFolder()
  const state = join(folder.path, 'state')
  const first = await startUp(state)
  const modules = [{ file: 'main.wasm', name: 'main', type: 'entry' as const }]
  const client = createClient({ url: first.ready.url })
  await client.deploy({ manifest: { version: 1, name: 'echo', modules, agreement: FOUR }, wasm: await fixture('echo') })
  const { receiptCid } = await client.invoke('echo', { stdin: 'once' })
  assert.equal(await first.stop(), 0)
  await using second = await startUp(state)
  const again = createClient({ url: second.ready.url })
  assert.equal((await again.receipt(receiptCid)).votes.length, 4)
  const { stdout } = await again.invoke('echo', { stdin: 'twice' })
  assert.equal(new TextDecoder().decode(stdout), 'twice')
})
