import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { DEFAULT_OPERATOR } from '@blockless/runtime'
import { readOperator } from '../../src/config/operator-file.ts'

const folder = await mkdtemp(join(tmpdir(), 'blockless-operator-'))
after(async () => await rm(folder, { recursive: true }))

async function fileOf(content: string): Promise<string> {
  const path = join(folder, `${Math.random()}.json`)
  await writeFile(path, content)
  return path
}

test('readOperator() has defaults, to which private addresses are added', async () => {
  const { permissions } = await readOperator({ path: undefined, allowPrivate: ['127.0.0.1:8080'] })
  assert.deepEqual(permissions, { ...DEFAULT_OPERATOR.permissions, allowPrivate: ['127.0.0.1:8080'] })
})

test('readOperator() reads permissions and services', async () => {
  const config = {
    permissions: { allow: ['https://*:*'], allowPrivate: ['10.0.0.0/8'] },
    resources: { memoryBytes: 1_073_741_824, cpuPercent: 150, runs: 100, sentBytesPerRun: 1_000_000 },
    ipfs: { endpoint: 'http://127.0.0.1:5001' },
    llm: { endpoint: 'http://127.0.0.1:8080/v1', apiKey: { environment: 'KEY' }, models: { '*': 'small' } },
    extensions: { folder: '/var/lib/blockless/extensions' },
  }
  const path = await fileOf(JSON.stringify(config))
  const read = await readOperator({ path, allowPrivate: ['127.0.0.1'] })
  assert.deepEqual(read, {
    ...config,
    permissions: { ...config.permissions, allowPrivate: ['10.0.0.0/8', '127.0.0.1'] },
  })
})

const WRONG = [
  { name: 'no JSON', content: '{', message: /it is not JSON/ },
  { name: 'no permissions', content: '{}', message: /"permissions"/ },
  { name: 'an unknown key', content: '{"permissions":{"allow":[]},"ipsf":{}}', message: /ipsf/ },
  {
    name: 'a rule that is none',
    content: '{"permissions":{"allow":["what ever"]}}',
    message: /permissions\.allow\[0\]/,
  },
  {
    name: 'an address that is none',
    content: '{"permissions":{"allow":[],"allowPrivate":["x"]}}',
    message: /allowPrivate/,
  },
]
for (const { name, content, message } of WRONG) {
  test(`readOperator() refuses ${name}, saying where`, async () => {
    const path = await fileOf(content)
    await assert.rejects(readOperator({ path, allowPrivate: [] }), { code: 'ERR_CONFIG', message })
  })
}

test('readOperator() says that a file is not there', async () => {
  await assert.rejects(readOperator({ path: join(folder, 'none.json'), allowPrivate: [] }), /does not exist/)
})
