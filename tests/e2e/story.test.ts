import assert from 'node:assert/strict'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bls, type RunningUp, startUp, tempFolder } from './support/bls.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe('a function from its source to a verified answer', () => {
  const owned = new AsyncDisposableStack()
  let up: RunningUp
  let project: string

  before(async () => {
    const folder = owned.use(await tempFolder())
    up = owned.use(await startUp(join(folder.path, 'state')))
    project = join(folder.path, 'hello')
    const { code, stderr } = await bls(['init', project])
    assert.equal(code, 0, stderr)
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules')) // as `npm install` would leave it
  })
  after(async () => await owned.disposeAsync())

  async function deploy(): Promise<{ functionCid: string; name: string; url: string }> {
    const { code, stdout, stderr } = await bls(['deploy', '--gateway', up.ready.url, '--json'], { cwd: project })
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  async function get(path: string): Promise<{ status: number; body: string; receipt: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string; receipt: string }>()
    const { hostname, port } = new URL(up.ready.url)
    const outgoing = request({ hostname, port, path, headers: { host: `hello.localhost:${port}` } }, (incoming) => {
      let body = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          body,
          receipt: incoming.headers['x-blockless-receipt']?.toString() ?? '',
        }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end()
    return await promise
  }

  test('deploys, answers over HTTP with status and headers, and verifies', async () => {
    const { functionCid } = await deploy()
    const { status, body, receipt } = await get('/?name=Ada')
    assert.equal(status, 200)
    assert.equal(body, 'Hello, Ada!\n')
    const verified = await bls(['verify', receipt, '--gateway', up.ready.url, '--function', functionCid, '--json'])
    assert.equal(verified.code, 0, verified.stdout + verified.stderr)
    const missing = await get('/nowhere')
    assert.equal(missing.status, 404)
  })

  test('invokes by name with four matching votes, and explains', async () => {
    await deploy()
    const file = join(project, 'receipt.json')
    const invoked = await bls(['invoke', 'hello', 'Grace', '--gateway', up.ready.url, '--receipt', file])
    assert.equal(invoked.code, 0, invoked.stderr)
    assert.equal(invoked.stdout, 'Hello, Grace!\n')
    const receipt = JSON.parse(await readFile(file, 'utf8'))
    assert.equal(receipt.votes.length, 4)
    assert.equal(new Set(receipt.votes.map(({ resultHash }: { resultHash: string }) => resultHash)).size, 1)
    const explained = await bls(['explain', receipt.requestId, '--gateway', up.ready.url])
    assert.equal(explained.code, 0, explained.stderr)
    for (const { node } of receipt.votes) assert.ok(explained.stdout.includes(node.slice(-8)), explained.stdout)
  })

  test('verifies offline, and names the check that a changed receipt fails', async () => {
    await deploy()
    const file = join(project, 'receipt.json')
    await bls(['invoke', 'hello', '--gateway', up.ready.url, '--receipt', file])
    const network = join(up.ready.folder, 'network.json')
    const whole = await bls(['verify', file, '--network', network])
    assert.equal(whole.code, 0, whole.stdout + whole.stderr)
    const receipt = JSON.parse(await readFile(file, 'utf8'))
    receipt.fuelUsed += 1
    await writeFile(file, JSON.stringify(receipt))
    const changed = await bls(['verify', file, '--network', network, '--json'])
    assert.equal(changed.code, 1)
    const { ok, checks } = JSON.parse(changed.stdout)
    assert.equal(ok, false)
    const failed = checks.filter(({ status }: { status: string }) => status === 'failed')
    assert.deepEqual(failed.map(({ name }: { name: string }) => name).sort(), ['fuel', 'head'])
  })

  test('one changed character is a new function with another answer', async () => {
    const first = await deploy()
    const source = join(project, 'assembly/index.ts')
    await writeFile(source, (await readFile(source, 'utf8')).replace('"Hello, "', '"Hallo, "'))
    const second = await deploy()
    assert.notEqual(second.functionCid, first.functionCid)
    assert.equal((await get('/?name=Ada')).body, 'Hallo, Ada!\n')
    const byCid = await bls(['invoke', first.functionCid, 'Ada', '--gateway', up.ready.url])
    assert.equal(byCid.stdout, 'Hello, Ada!\n')
  })

  test('status lists the network and its functions', async () => {
    const { code, stdout } = await bls(['status', '--gateway', up.ready.url, '--json'])
    assert.equal(code, 0)
    assert.equal(JSON.parse(stdout).status.workers.length, 4)
  })
})
