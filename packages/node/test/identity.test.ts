import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { IdentityError, identityOf, loadIdentity } from '@blockless/node'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'identity-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('loadIdentity() makes a key that only its owner can read, and reads it again', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'deep', 'key.bin')
    const made = await loadIdentity(path)
    if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600)
    const read = await loadIdentity(path)
    assert.equal(read.signer.nodeId, made.signer.nodeId)
    assert.deepEqual(await readdir(join(folder, 'deep')), ['key.bin'], 'no draft is left')
  })
})

test('loadIdentity() gives one identity to all who start at once', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'key.bin')
    const all = await Promise.all(Array.from({ length: 20 }, async () => await loadIdentity(path)))
    assert.equal(new Set(all.map(({ signer }) => signer.nodeId)).size, 1)
    assert.deepEqual(await readdir(folder), ['key.bin'])
  })
})

test('loadIdentity() reads the key file of an existing node', async () => {
  await withFolder(async (folder) => {
    const key = await generateKeyPair('secp256k1')
    const path = join(folder, 'priv.bin')
    await writeFile(path, privateKeyToProtobuf(key))
    assert.equal((await loadIdentity(path)).signer.nodeId, identityOf(key.raw).signer.nodeId)
  })
})

const broken = [
  { name: 'empty', content: async () => new Uint8Array(0) },
  { name: 'garbage', content: async () => new Uint8Array(64).fill(0xff) },
  { name: 'of another type', content: async () => privateKeyToProtobuf(await generateKeyPair('Ed25519')) },
  { name: 'cut off', content: async () => privateKeyToProtobuf(await generateKeyPair('secp256k1')).subarray(0, 20) },
  { name: 'all zeros', content: async () => Uint8Array.of(8, 2, 18, 32, ...new Uint8Array(32)) },
]
for (const { name, content } of broken) {
  test(`loadIdentity() refuses a key file that is ${name}, and leaves it alone`, async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'key.bin')
      const bytes = await content()
      await writeFile(path, bytes)
      await assert.rejects(
        loadIdentity(path),
        (error) => error instanceof IdentityError && error.message.includes(path),
      )
      assert.deepEqual(new Uint8Array(await readFile(path)), new Uint8Array(bytes))
    })
  })
}

test('loadIdentity() says so when the path is a folder, or in one that cannot be written', async () => {
  await withFolder(async (folder) => {
    await assert.rejects(loadIdentity(folder), { code: 'ERR_KEY_FILE' })
    if (process.getuid?.() === 0) return // the superuser writes anywhere
    await chmod(folder, 0o500)
    await assert.rejects(loadIdentity(join(folder, 'key.bin')), { code: 'ERR_KEY_FILE' })
    await chmod(folder, 0o700)
  })
})
