import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { FileError } from '../../../src/fs/file-error.ts'
import type { OpenDirectory } from '../../../src/fs/file-system.ts'
import { CREATE, createTestFolder, descriptorsBelow, READ, type TestFolder, WRITE } from './folder-helpers.ts'

/** Rounds of the guest's side; the swapping thread makes several times as many. */
const ROUNDS = 200

/** Renames in a tight loop until it is told to stop. */
const SWAPPER = `
const { renameSync } = require('node:fs')
const { workerData } = require('node:worker_threads')
const flag = new Int32Array(workerData.stop)
let count = 0
while (Atomics.load(flag, 0) === 0) {
  for (const [from, to] of workerData.renames) try { renameSync(from, to) } catch {}
  count++
}
Atomics.store(flag, 1, count)
`

async function whileSwapping(
  renames: readonly (readonly [from: string, to: string])[],
  task: () => Promise<void>,
): Promise<number> {
  const stop = new SharedArrayBuffer(8)
  const worker = new Worker(SWAPPER, { eval: true, workerData: { stop, renames } })
  await new Promise((resolve) => worker.once('online', resolve))
  try {
    await task()
  } finally {
    Atomics.store(new Int32Array(stop), 0, 1)
    await new Promise((resolve) => worker.once('exit', resolve))
  }
  return new Int32Array(stop)[1] ?? 0
}

/** Swaps two names and back, by a third. */
function swaps(a: string, b: string): readonly (readonly [string, string])[] {
  const aside = `${a}.aside`
  return [
    [a, aside],
    [b, a],
    [aside, b],
  ]
}

/** Does something that mostly fails while names are swapped. */
async function attempt(call: () => Promise<unknown>): Promise<void> {
  try {
    await call()
  } catch (error) {
    if (!(error instanceof FileError)) throw error
  }
}

/** Opens a file to read, to write, to truncate; what it read. */
async function tryFile(root: OpenDirectory, path: string): Promise<string[]> {
  const seen: string[] = []
  await attempt(async () => {
    const file = await root.open(path, READ)
    if (file.kind === 'file') seen.push(new TextDecoder().decode(await file.read(0n, 100)))
    await file.close()
  })
  for (const options of [WRITE, { ...READ, truncate: true }, CREATE]) {
    await attempt(async () => {
      const file = await root.open(path, options)
      if (file.kind === 'file' && options.write) await file.write(0n, new TextEncoder().encode('mine'))
      await file.close()
    })
  }
  await attempt(async () => await root.setTimesAt(path, true, { modifiedNs: 0n }))
  return seen
}

/** What a guest could read, write, make, move or remove in a directory; what it read. */
async function tryAll(root: OpenDirectory, path: string): Promise<string[]> {
  const seen = await tryFile(root, `${path}/file`)
  await attempt(async () => await (await root.open(`${path}/new`, CREATE)).close())
  await attempt(async () => await root.createDirectory(`${path}/made`))
  await attempt(async () => await root.link('mine', false, root, `${path}/linked`))
  await attempt(async () => await root.rename('moved', root, `${path}/moved`))
  await attempt(async () => await root.rename(`${path}/moved`, root, 'moved'))
  await attempt(async () => await root.unlink(`${path}/file`))
  return seen
}

async function prepare({ inside, outside, root }: TestFolder): Promise<void> {
  await mkdir(join(outside, 'deep'))
  await writeFile(join(outside, 'file'), 'SECRET')
  await writeFile(join(inside, 'mine'), 'mine')
  await writeFile(join(inside, 'moved'), 'moved')
  await mkdir(join(inside, 'dir'))
  await writeFile(join(inside, 'dir/file'), 'mine')
  assert.equal((await root.stat()).type, 3)
}

async function assertUntouched({ outside }: TestFolder, names: readonly string[]): Promise<void> {
  assert.deepEqual((await readdir(outside)).sort(), names)
  assert.equal(await readFile(join(outside, 'file'), 'utf8'), 'SECRET')
}

test('swaps of a directory and a link out never let a guest through', { timeout: 120_000 }, async () => {
  await using folder = await createTestFolder()
  await prepare(folder)
  const [dir, trap] = [join(folder.inside, 'dir'), join(folder.inside, 'trap')]
  await symlink('../outside', trap)
  const before = await descriptorsBelow(folder.base)
  const seen = new Set<string>()
  const swapped = await whileSwapping(swaps(dir, trap), async () => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const text of await tryAll(folder.root, round % 2 === 0 ? 'dir' : 'trap')) seen.add(text)
      await attempt(async () => await (await folder.root.open('dir/file', CREATE)).close())
    }
  })
  assert.ok(swapped > 0)
  assert.ok(!seen.has('SECRET'), [...seen].join())
  await assertUntouched(folder, ['deep', 'file'])
  assert.equal(await descriptorsBelow(folder.base), before)
})

test('swaps of a file and a link out never let a guest through', { timeout: 120_000 }, async () => {
  await using folder = await createTestFolder()
  await prepare(folder)
  const [file, trap] = [join(folder.inside, 'dir/file'), join(folder.inside, 'dir/trap')]
  await symlink('../../outside/file', trap)
  const seen = new Set<string>()
  const swapped = await whileSwapping(swaps(file, trap), async () => {
    for (let round = 0; round < 4 * ROUNDS; round++) {
      for (const text of await tryFile(folder.root, round % 2 === 0 ? 'dir/file' : 'dir/trap')) seen.add(text)
    }
  })
  assert.ok(swapped > 0)
  assert.ok(!seen.has('SECRET'), [...seen].join())
  await assertUntouched(folder, ['deep', 'file'])
})

test('moving a directory out and in during walks with ".." never lets a guest through', {
  timeout: 120_000,
}, async () => {
  await using folder = await createTestFolder()
  await prepare(folder)
  await mkdir(join(folder.inside, 'dir/a/b/c'), { recursive: true })
  const [a, away] = [join(folder.inside, 'dir/a'), join(folder.outside, 'deep/a')]
  const seen = new Set<string>()
  const renames = [
    [a, away],
    [away, a],
  ] as const
  await whileSwapping(renames, async () => {
    for (let round = 0; round < 2 * ROUNDS; round++) {
      for (const path of ['dir/a/b/../../..', 'dir/a/../../../outside']) {
        for (const text of await tryAll(folder.root, path)) seen.add(text)
      }
    }
  })
  assert.ok(!seen.has('SECRET'), [...seen].join())
  await assertUntouched(folder, ['deep', 'file'])
})
