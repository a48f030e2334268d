import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import type { Executor } from '@blockless/runtime'
import { compileWat, fixture } from '@blockless/testing'
import { HUGE_FUEL, requestOf, startExecutor, textOf } from '../run-helpers.ts'
import { World } from './world.ts'

const ASK = '(call $ask (i32.const 200) (i32.const 31) (i32.const 300) (i32.const 100))'
const module = (body: string): string => `(module
  (import "blockless_ipfs" "ipfs_command" (func $ask (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16)
  (data (i32.const 200) "{\\"api\\":\\"files/stat\\",\\"args\\":[]}")
  (func (export "_start") ${body}))`

/** Touches a megabyte, and waits. */
const LARGE = module(`(memory.fill (i32.const 4096) (i32.const 1) (i32.const 1000000)) (drop ${ASK})`)
/** Asks again and spins whatever is thrown at it. */
const STUBBORN = module(`
  (block $caught (try_table (catch_all $caught) (drop ${ASK})))
  (drop ${ASK})
  (loop $again (br $again))`)

suite('guests that are dropped while they wait', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor({ threads: 1 })
    await executor.prepare('large', await compileWat(LARGE))
    await executor.prepare('stubborn', await compileWat(STUBBORN))
    await executor.prepare('hello', await fixture('hello'))
  })
  after(async () => await executor.stop())

  /** Parks so many runs, and aborts them all. */
  async function dropMany(name: string, count: number): Promise<World> {
    const world = new World({ isOpen: false })
    const controller = new AbortController()
    const hosts = Array.from({ length: count }, () => world.host())
    const runs = hosts.map((host) => executor.run(requestOf(name, { fuel: HUGE_FUEL }), controller.signal, host))
    await world.calls(count)
    controller.abort(new Error('enough'))
    for (const result of await Promise.allSettled(runs)) assert.equal(result.status, 'rejected')
    for (const host of hosts) await host.close()
    return world
  }

  test('give back their memory', { skip: process.platform !== 'linux' }, async () => {
    const residentMegabytes = (): number => {
      const pages = Number(readFileSync(`/proc/${executor.pid}/statm`, 'utf8').split(' ')[1])
      return (pages * 4096) / 1_048_576
    }
    for (let round = 0; round < 6; round++) await dropMany('large', 200)
    await executor.run(requestOf('hello'))
    // what they touched is 1200 MB
    assert.ok(residentMegabytes() < 800, `${residentMegabytes()} MB`)
  })

  test('never run on, whatever they catch', async () => {
    const { pid } = executor
    const world = await dropMany('stubborn', 20)
    // their thread was not taken by one of them, nor had to be replaced
    for (let turn = 0; turn < 5; turn++) {
      assert.equal(textOf((await executor.run(requestOf('hello'))).stdout), 'hello\n')
    }
    assert.equal(world.seen.length, 20)
    assert.equal(executor.pid, pid)
  })
})
