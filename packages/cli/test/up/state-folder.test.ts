import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { SeededRandom } from '@blockless/testing'
import { StateFolder } from '../../src/up/state-folder.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const NOW_MS = 1_767_225_600_000

test('network() keeps chain, genesis and former workers when the folder is opened again', async () => {
  await using folder = await temporaryFolder()
  const random = new SeededRandom(1)
  const open = async (workers: number, nowMs: number) => {
    using state = await StateFolder.open(folder.path)
    return await state.network(workers, random, nowMs)
  }
  const first = await open(2, NOW_MS)
  const second = await open(1, NOW_MS + 1)
  assert.deepEqual(second, first)
})

test('network() refuses a network.json that cannot be read', async () => {
  for (const prepare of [
    async (path: string, write: (name: string, content: string) => Promise<unknown>) => void (await write(path, '{')),
    async (path: string, write: (name: string, content: string) => Promise<unknown>) => void (await write(path, '{}')),
    async (path: string, _: unknown, root: string) => void (await mkdir(join(root, path))),
  ]) {
    await using folder = await temporaryFolder()
    await prepare('network.json', async (name, content) => await folder.write(name, content), folder.path)
    using state = await StateFolder.open(folder.path)
    await assert.rejects(state.network(1, new SeededRandom(1), NOW_MS), { code: 'ERR_FOLDER_STATE' })
  }
})

test('open() takes a folder once, and says who has it', async () => {
  await using folder = await temporaryFolder()
  using _ = await StateFolder.open(folder.path)
  await assert.rejects(StateFolder.open(folder.path), { code: 'ERR_FOLDER_LOCKED' })
})
