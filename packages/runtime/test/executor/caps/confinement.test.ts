import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '@blockless/core'
import { ManualClock } from '@blockless/testing'
import { Confinement } from '../../../src/executor/caps/confinement.ts'
import { residentBytes } from '../../../src/executor/caps/memory-watch.ts'

function confine(sizes: (number | undefined)[]): { clock: ManualClock; confinement: Confinement; killed: string[] } {
  const clock = new ManualClock()
  const killed: string[] = []
  const measure = async (): Promise<number | undefined> => sizes.shift()
  const components = { clock, log: silentLogger, measure, cgroups: undefined }
  const confinement = new Confinement(components, { memoryBytes: 2 * 1_048_576, cpus: 1 })
  confinement.enter({ pid: 1, kill: (why) => killed.push(why) })
  return { clock, confinement, killed }
}

test('Confinement ends a process that has more memory than allowed, and only while it works', async () => {
  const { clock, confinement, killed } = confine([1_000_000, 2 * 1_048_576, undefined, 3 * 1_048_576])
  await clock.advance(1000)
  assert.deepEqual(killed, [])
  confinement.begin()
  confinement.begin()
  for (let turn = 0; turn < 3; turn++) await clock.advance(100)
  assert.deepEqual(killed, [])
  await clock.advance(100)
  assert.deepEqual(killed, ['the executor used 3 MiB of memory, its operator allows 2 MiB'])
})

test('Confinement looks no more once the work is done or the process gone', async () => {
  const sizes = [1e9, 1e9, 1e9]
  const { clock, confinement, killed } = confine(sizes)
  confinement.begin()
  confinement.rest()
  await clock.advance(500)
  confinement.leave()
  confinement.begin()
  await clock.advance(500)
  assert.deepEqual([killed, sizes.length], [[], 3])
})

test('residentBytes() measures a process, and none that is not there', async () => {
  if (process.platform !== 'linux') return
  const bytes = (await residentBytes(process.pid)) ?? 0
  assert.ok(bytes > 10_000_000 && bytes < 10 * process.memoryUsage.rss(), `${bytes}`)
  assert.equal(await residentBytes(2 ** 30), undefined)
})
