import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import { FunctionRegistry, RegistryError } from '@blockless/gateway'

async function withPath(work: (path: string) => Promise<void> | void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-'))
  try {
    await work(join(folder, 'deep', 'functions.sqlite'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function open(path: string): FunctionRegistry {
  const registry = new FunctionRegistry({ path })
  registry.start()
  return registry
}

test('FunctionRegistry counts versions beyond deletions and restarts', async () => {
  await withPath((path) => {
    const registry = open(path)
    assert.deepEqual(registry.set('a', 'cid-1', 1), {
      record: { name: 'a', functionCid: 'cid-1', version: 1, createdAtMs: 1 },
      isNew: true,
    })
    assert.equal(registry.set('a', 'cid-1', 2).isNew, false)
    assert.equal(registry.set('a', 'cid-2', 3).record.version, 2)
    registry.set('b', 'cid-1', 4)
    assert.equal(registry.delete('b'), true)
    assert.equal(registry.delete('b'), false)
    registry.stop()
    const again = open(path)
    assert.deepEqual(again.list(), [{ name: 'a', functionCid: 'cid-2', version: 2, createdAtMs: 3 }])
    assert.equal(again.find('b'), undefined)
    assert.equal(again.set('b', 'cid-3', 5).record.version, 2)
    again.stop()
  })
})

test('start() refuses a file that is no registry', async () => {
  await withPath(async (path) => {
    open(path).stop()
    await rm(path)
    await writeFile(path, 'no database '.repeat(1_000))
    assert.throws(
      () => open(path),
      (error) => error instanceof RegistryError && error.message.includes(path),
    )
  })
})

test('a disk that refuses leaves every name as it was', async () => {
  await withPath((path) => {
    const registry = open(path)
    registry.set('a', 'cid-1', 1)
    const blocker = new DatabaseSync(path)
    blocker.exec('BEGIN IMMEDIATE')
    assert.throws(() => registry.set('a', 'cid-2', 2), { code: 'ERR_REGISTRY' })
    assert.throws(() => registry.set('b', 'cid-2', 2), { code: 'ERR_REGISTRY' })
    assert.throws(() => registry.delete('a'), { code: 'ERR_REGISTRY' })
    assert.deepEqual(
      registry.list().map(({ name, functionCid }) => [name, functionCid]),
      [['a', 'cid-1']],
    )
    blocker.exec('ROLLBACK')
    blocker.close()
    assert.equal(registry.set('a', 'cid-2', 3).record.version, 2)
    registry.stop()
  })
})
