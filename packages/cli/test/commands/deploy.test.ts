import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importCar, MemoryBlockStore, readFunction } from '@blockless/storage'
import { fixture, replyJson, sampleReceipt, startFakeGateway } from '@blockless/testing'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { bls } from '../support/test-io.ts'

const { subnet, functionCid, receipt } = sampleReceipt()
const deployed = {
  name: 'hello',
  functionCid: functionCid.toString(),
  version: 2,
  createdAtMs: 1,
  url: 'http://hello.localhost:8380/',
  isNew: true,
  agreement: { kind: 'aggregate', nodes: 4, threshold: 3 },
  subnet: {
    cid: receipt.subnet.cid.toString(),
    epoch: 2,
    members: subnet.order.slice(0, 4),
    spares: subnet.order.slice(4),
  },
}

test('bls deploy sends what build makes, and says where it answers', async () => {
  await using folder = await temporaryFolder()
  await using gateway = await startFakeGateway((_, response) => replyJson(response, deployed, 201))
  const wasm = await fixture('hello')
  await folder.write('build/hello.wasm', wasm)
  await folder.write('bls.toml', `name = "hello"\ngateway = "${gateway.url}"\n[build_release]\nentry = "hello.wasm"\n`)
  const { exitCode, stdout, stderr } = await bls({ cwd: folder.path }, 'deploy')
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout, /^✓ Deployed hello, version 2\n/)
  assert.match(stdout, /rule +3 of 4 nodes must agree/)
  assert.match(stdout, /curl http:\/\/hello\.localhost:8380\//)
  const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
  const { roots } = await importCar(store, gateway.seen[0]?.body ?? new Uint8Array(0), { sizeMax: 1_000_000 })
  assert.ok(roots[0] !== undefined)
  assert.deepEqual((await readFunction(store, roots[0])).wasm, wasm)
  const json = JSON.parse((await bls({ cwd: folder.path }, 'deploy', '--json')).stdout) as typeof deployed
  assert.equal(json.subnet.cid, deployed.subnet.cid)
})

test('bls deploy sends nothing if the build fails, and reports what the network refuses', async () => {
  await using folder = await temporaryFolder()
  const error = { code: 'ERR_SUBNET_TOO_SMALL', message: 'Cannot form subnet: 2 stand, 4 needed', details: {} }
  await using gateway = await startFakeGateway((_, response) => replyJson(response, { error }, 503))
  await folder.write('bls.toml', 'name = "hello"\n[build_release]\nentry = "hello.wasm"\ncommand = "false"\n')
  assert.equal((await bls({ cwd: folder.path }, 'deploy', '--gateway', gateway.url)).exitCode, 1)
  assert.equal(gateway.seen.length, 0)
  await folder.write('build/hello.wasm', await fixture('hello'))
  await folder.write('bls.toml', 'name = "hello"\n[build_release]\nentry = "hello.wasm"\n')
  const refused = await bls({ cwd: folder.path }, 'deploy', '--gateway', gateway.url)
  assert.equal(refused.exitCode, 4)
  assert.match(refused.stderr, /2 stand, 4 needed\ncode: ERR_SUBNET_TOO_SMALL\nhint: start more workers/)
})
