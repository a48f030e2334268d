import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFakeGateway } from '@blockless/testing'
import { findGateway } from '../../src/config/gateway-address.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { bls } from '../support/test-io.ts'

function place(cwd: string): { cwd: string; env: Record<string, string> } {
  return { cwd, env: {} }
}

test('the gateway is found by flag, then variable, then bls.toml, then a running bls up', async () => {
  await using folder = await temporaryFolder()
  // Each place names a gateway of its own, so whichever was asked shows which place won.
  const names = ['flag', 'variable', 'toml', 'up'] as const
  await using stack = new AsyncDisposableStack()
  const gateways: Record<string, string> = {}
  for (const name of names) {
    const answer = { error: { code: `ERR_${name.toUpperCase()}`, message: name } }
    const gateway = await startFakeGateway((_, response) => void response.writeHead(400).end(JSON.stringify(answer)))
    gateways[name] = stack.use(gateway).url
  }
  const ask = async (env: Record<string, string>, ...args: string[]): Promise<string | undefined> =>
    /code: (.*)/.exec((await bls({ cwd: folder.path, env }, 'status', ...args)).stderr)?.[1]
  await folder.write('.bls/up.json', JSON.stringify({ url: gateways['up'], pid: process.pid, folder: '.' }))
  assert.equal(await ask({}), 'ERR_UP')
  await folder.write('bls.toml', `name = "a"\ngateway = "${gateways['toml']}"\n`)
  assert.equal(await ask({}), 'ERR_TOML')
  const env = { BLS_GATEWAY: gateways['variable'] ?? '' }
  assert.equal(await ask(env), 'ERR_VARIABLE')
  assert.equal(await ask(env, '--gateway', gateways['flag'] ?? ''), 'ERR_FLAG')
})

test('an up.json that is damaged, or of a process that is gone, is passed over', async () => {
  await using folder = await temporaryFolder()
  const gone = JSON.stringify({ url: 'http://127.0.0.1:1', pid: 2 ** 30, folder: '.' })
  for (const content of ['', '{', '[]', '{"url": 5, "pid": 1}', gone]) {
    await folder.write('.bls/up.json', content)
    const found = await findGateway(place(folder.path), undefined)
    assert.equal(found.source, 'default', content)
  }
})

test('a running bls up of the current folder is found for a project elsewhere', async () => {
  await using folder = await temporaryFolder()
  const up = JSON.stringify({ url: 'http://127.0.0.1:4321', pid: process.pid, folder: '.' })
  await folder.write('here/.bls/up.json', up)
  await folder.write('project/bls.toml', 'name = "a"\n')
  const found = await findGateway(place(`${folder.path}/here/below`), undefined, `${folder.path}/project`)
  assert.deepEqual(found, { url: 'http://127.0.0.1:4321', source: 'bls up' })
})
