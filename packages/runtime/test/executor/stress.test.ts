import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import { answered, type Executor, type HostFamily, RunHost, type RunReport } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import { CLOSED_GATE } from '../../src/policy/gate.ts'
import { deterministicPart, HUGE_FUEL, requestOf, SPIN, startExecutor } from '../run-helpers.ts'

// Many runs of all kinds at once on one executor, against what each gave alone. `STRESS_RUNS=20000 SEED=7` runs longer, and
// repeats what was drawn, though not the machine's timing.
const RUNS_COUNT = Number(process.env['STRESS_RUNS'] ?? 300)
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 0x7fff_ffff))
const CONCURRENT_MAX = 48

const IMPORTS = `
  (import "blockless_ipfs" "ipfs_command" (func $ask (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))`
const MEMORY = `(memory (export "memory") 1)
  (data (i32.const 0) "\\64\\00\\00\\00\\08\\00\\00\\00")
  (data (i32.const 200) "{\\"api\\":\\"files/stat\\",\\"args\\":[]}")`
const ASK = `(drop (call $ask (i32.const 200) (i32.const 31) (i32.const 104) (i32.const 100)))
  (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))`
const COUNT = `(loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000))))`
const DIVIDE = '(drop (i32.div_s (i32.const 1) (i32.const 0)))'
const start = (body: string): string => `(func (export "_start") (local $i i32) ${body})`

interface Kind {
  readonly entry: string
  /** A module linked to it under the name `lib`. */
  readonly linked?: string
  /** Host calls that it makes if it is left to its end. */
  readonly calls: number
  readonly deadlineMs?: number
}

const KINDS: Readonly<Record<string, Kind>> = {
  pure: { entry: `(module ${MEMORY} ${start(COUNT)})`, calls: 0 },
  traps: { entry: `(module ${MEMORY} ${start(COUNT + DIVIDE)})`, calls: 0 },
  waits: { entry: `(module ${IMPORTS} ${MEMORY} ${start(ASK + COUNT + ASK)})`, calls: 2 },
  'waits and traps': { entry: `(module ${IMPORTS} ${MEMORY} ${start(ASK + COUNT + ASK + DIVIDE)})`, calls: 2 },
  links: {
    entry: `(module (import "lib" "work" (func $work)) ${MEMORY} ${start('(call $work) (call $work)')})`,
    linked: `(module ${IMPORTS} ${MEMORY} (func (export "work") (local $i i32) ${ASK + COUNT}))`,
    calls: 2,
  },
  'traps in a link': {
    entry: `(module (import "lib" "work" (func $work)) ${MEMORY} ${start('(call $work)')})`,
    linked: `(module ${IMPORTS} ${MEMORY} (func (export "work") (local $i i32) ${ASK + DIVIDE}))`,
    calls: 1,
  },
  spins: { entry: SPIN, calls: 0, deadlineMs: 30 },
  'waits and spins': {
    entry: `(module ${IMPORTS} ${MEMORY} ${start(`${ASK} (loop $l (br $l))`)})`,
    calls: 1,
    deadlineMs: 200,
  },
}

/** mulberry32. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** A world for one run that answers call `n` with `n`, after a delay. */
class DelayedWorld {
  /** Calls that were performed, and sessions that are open. */
  seen = 0
  open = 0
  readonly #delayMs: () => number

  constructor(delayMs: () => number) {
    this.#delayMs = delayMs
  }

  host(): RunHost {
    const family: HostFamily = {
      name: 'ipfs',
      open: () => {
        this.open++
        return {
          call: async (_call, signal) => {
            const number = ++this.seen
            const delayMs = this.#delayMs()
            if (delayMs > 0) await systemClock.sleep(delayMs, signal)
            return answered({ handle: number, code: 200 + number })
          },
          close: async () => void this.open--,
        }
      },
    }
    const components = { families: [family], clock: systemClock, log: silentLogger }
    return new RunHost(components, { functionCid: 'bafy', gate: CLOSED_GATE })
  }
}

async function runKind(
  executor: Executor,
  name: string,
  world: DelayedWorld,
  signal?: AbortSignal,
): Promise<RunReport> {
  const deadlineMs = KINDS[name]?.deadlineMs
  await using host = world.host()
  const request = requestOf(name, { fuel: HUGE_FUEL, ...(deadlineMs === undefined ? {} : { deadlineMs }) })
  return await executor.run(request, signal, host)
}

/** What a run gives that nothing disturbs; undefined if its deadline ends it. */
async function modelOf(executor: Executor, name: string): Promise<object | undefined> {
  const run = runKind(executor, name, new DelayedWorld(() => 0))
  if (KINDS[name]?.deadlineMs === undefined) return deterministicPart(await run)
  await assert.rejects(run, { code: 'ERR_DEADLINE' })
  return undefined
}

test(`an executor gives each of ${RUNS_COUNT} mixed runs what it gives it alone (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const restarts: string[] = []
  const log = { ...silentLogger, warn: (message: string) => void restarts.push(message) }
  await using executor = await startExecutor({ threads: 2, queueMax: CONCURRENT_MAX }, log)
  const names = Object.keys(KINDS)
  const models = new Map<string, object | undefined>()
  for (const [name, { entry, linked }] of Object.entries(KINDS)) {
    const modules = linked === undefined ? [] : [{ name: 'lib', wasm: await compileWat(linked) }]
    await executor.prepare(name, { entry: await compileWat(entry), modules })
    models.set(name, await modelOf(executor, name))
  }
  const { pid } = executor

  const runOne = async (): Promise<void> => {
    const name = names[random(names.length)] as string
    const delays = Array.from({ length: 4 }, () => Math.max(0, random(60) - 20))
    const abortAfterMs = random(4) === 0 ? random(80) : undefined
    const world = new DelayedWorld(() => delays[world.seen % delays.length] ?? 0)
    const controller = new AbortController()
    const reason = new Error('aborted by the test')
    const cancelAbort =
      abortAfterMs === undefined ? () => {} : systemClock.schedule(abortAfterMs, () => controller.abort(reason))
    try {
      const report = await runKind(executor, name, world, controller.signal)
      assert.deepEqual(deterministicPart(report), models.get(name), name)
      assert.equal(world.seen, KINDS[name]?.calls, name)
    } catch (error) {
      if (error === reason) assert.ok(controller.signal.aborted)
      else if (error instanceof Error && 'code' in error && error.code === 'ERR_DEADLINE') {
        assert.notEqual(KINDS[name]?.deadlineMs, undefined, `${name} missed a deadline of 20 s`)
      } else throw error
    } finally {
      cancelAbort()
    }
    assert.ok(world.seen <= (KINDS[name]?.calls ?? 0), `${name}: a call was performed twice`)
    assert.equal(world.open, 0, name)
  }

  let left = RUNS_COUNT
  const lane = async (): Promise<void> => {
    while (left-- > 0) await runOne()
  }
  await Promise.all(Array.from({ length: CONCURRENT_MAX }, lane))
  assert.equal(executor.pid, pid)
  assert.deepEqual(restarts, [])
  for (const [name, model] of models) if (model !== undefined) assert.deepEqual(await modelOf(executor, name), model)
})
