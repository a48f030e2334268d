import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import { answered, type Executor, type HostFamily, RunHost, type RunProfile, type RunReport } from '@blockless/runtime'
import { compileWat, FIXTURES, fixtureText } from '@blockless/testing'
import { CLOSED_GATE } from '../../src/policy/gate.ts'
import { type RunOptions, requestOf, startExecutor, watWithBody } from '../run-helpers.ts'

/** Fuel by path; guests' functions as `module:index`. */
function selfByPath(profile: RunProfile): Record<string, number> {
  const paths: string[] = []
  for (const { parent, function: called } of profile) {
    const name =
      called.kind === 'guest' ? `${called.module}:${called.index}` : called.kind === 'host' ? called.name : called.kind
    paths.push(parent === 0 ? name : `${paths[parent]};${name}`)
  }
  return Object.fromEntries(
    profile.flatMap(({ selfFuel }, index) => (selfFuel === 0 ? [] : [[paths[index] as string, selfFuel]])),
  )
}

const ASK = (end = ''): string => `(module
  (import "blockless_ipfs" "ipfs_command" (func $ask (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 200) "{\\"api\\":\\"files/stat\\",\\"args\\":[]}")
  (func $asks (drop (call $ask (i32.const 200) (i32.const 31) (i32.const 300) (i32.const 100))))
  (func (export "_start") (call $asks) (call $asks) ${end}))`

const EXCEPTIONS = `(module (tag $e) (memory (export "memory") 1)
  (func $throws (drop (i32.const 1)) (throw $e)) (func $between (call $throws))
  (func (export "_start") (try (do (call $between)) (catch $e (call $after))) (call $between))
  (func $after (drop (i32.const 1))))`

const CASES: readonly { name: string; wat: string; paths: Record<string, number>; options?: RunOptions }[] = [
  {
    name: 'a trap in a function that was called',
    wat: watWithBody(
      '(call $divide)',
      '(memory (export "memory") 1) (func $divide (drop (i32.div_s (i32.const 1) (i32.const 0))) (drop (i32.const 1)))',
    ),
    paths: { '0:1': 1, '0:1;0:0': 3 },
  },
  { name: 'unreachable', wat: watWithBody('(drop (i32.const 1)) unreachable'), paths: { '0:0': 1 } },
  {
    name: 'a run out of fuel',
    wat: watWithBody(
      '(drop (i32.const 1)) (call $spin)',
      '(memory (export "memory") 1) (func $spin (loop $again (br $again)))',
    ),
    paths: { '0:1': 2, '0:1;0:0': 998 },
    options: { fuel: 1000 },
  },
  {
    name: 'exceptions, the last of which ends the run',
    wat: EXCEPTIONS,
    paths: { '0:2': 4, '0:2;0:1': 2, '0:2;0:1;0:0': 4, '0:2;0:3': 1 },
  },
]

suite('profiles of runs', () => {
  let executor: Executor
  before(async () => {
    executor = await startExecutor()
  })
  after(async () => await executor.stop())

  /** Runs with a profile and without; all that a node votes on must be the same, and the fuel accounted for. */
  async function profiled(cid: string, options: RunOptions = {}, host?: () => RunHost): Promise<RunReport> {
    const plain = await executor.run(requestOf(cid, options), undefined, host?.())
    const report = await executor.run({ ...requestOf(cid, options), profile: true }, undefined, host?.())
    const { profile = [], timings: _, ...rest } = report
    const { timings: __, ...expected } = plain
    assert.deepEqual(rest, expected)
    assert.equal(plain.profile, undefined)
    assert.equal(
      profile.reduce((sum, { selfFuel }) => sum + selfFuel, 0),
      report.fuelUsed,
    )
    return report
  }

  for (const name of FIXTURES) {
    test(`account for all fuel of ${name}`, async () => {
      const wat = await fixtureText(name)
      await executor.prepare(wat, await compileWat(wat))
      await profiled(wat, { args: ['1'], stdin: 'text', env: { A: 'b' } })
    })
  }

  for (const { name, wat, paths, options } of CASES) {
    test(`tell the paths of ${name}`, async () => {
      await executor.prepare(wat, await compileWat(wat))
      const { profile = [] } = await profiled(wat, options)
      assert.deepEqual(selfByPath(profile), paths)
    })
  }

  test('give host calls that wait frames with what they charge, also where the guest traps later', async () => {
    const family: HostFamily = {
      name: 'ipfs',
      open: () => ({ call: async () => await Promise.resolve(answered({ handle: 1 })), close: async () => {} }),
    }
    const host = (): RunHost =>
      new RunHost(
        { families: [family], clock: systemClock, log: silentLogger },
        { functionCid: 'bafy', gate: CLOSED_GATE },
      )
    for (const end of ['', '(drop (i32.div_s (i32.const 1) (i32.const 0)))']) {
      await executor.prepare(ASK(end), await compileWat(ASK(end)))
      const { profile = [], exit } = await profiled(ASK(end), {}, host)
      assert.equal(exit.kind, end === '' ? 'exit' : 'divide-by-zero')
      const paths = selfByPath(profile)
      assert.deepEqual(paths, {
        '0:2': end === '' ? 2 : 5,
        '0:2;0:1': 10,
        '0:2;0:1;blockless_ipfs.ipfs_command': 20_000,
      })
    }
  })

  test('follow calls from module to module', async () => {
    const math = `(module (memory (export "memory") 1)
      (func $add (export "add") (param i32) (result i32) (call $one) (i32.add (local.get 0) (i32.const 1))) (func $one (nop)))`
    const entry = `(module (import "math" "add" (func $add (param i32) (result i32)))
      (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
      (memory (export "memory") 1)
      (func (export "_start") (drop (call $add (i32.const 1))) (drop (call $yield))))`
    await executor.prepare('linked', {
      entry: await compileWat(entry),
      modules: [{ name: 'math', wasm: await compileWat(math) }],
    })
    const { profile = [] } = await profiled('linked')
    assert.deepEqual(selfByPath(profile), { '1:2': 3, '1:2;0:0': 4 })
  })

  test('are the same each time, and runs before and after have none', async () => {
    const wat = await fixtureText('hello')
    await executor.prepare(wat, await compileWat(wat))
    const first = await profiled(wat)
    assert.deepEqual((await profiled(wat)).profile, first.profile)
    assert.equal((await executor.run(requestOf(wat))).profile, undefined)
  })
})
