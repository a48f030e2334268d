import { silentLogger, systemClock } from '@blockless/core'
import { Executor, type RunReport } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import type { FuzzTarget, Verdict } from '../support/target.ts'
import { callerWat, makeCalls } from './calls.ts'

const MODULES = ['wasi_snapshot_preview1', 'wasi_unstable'] as const
const LIMITS = { fuel: 50_000_000, memoryBytes: 1 << 20, outputBytes: 65_536, deadlineMs: 10_000 }
/** How a run of calls may end; anything else is a fault of the sandbox. */
const ENDS: ReadonlySet<string> = new Set(['exit', 'output-limit', 'out-of-fuel', 'memory-out-of-bounds'])

/** Random calls of WASI, made by a guest in the executor: twice, as both runs must come out the same. */
export const target: FuzzTarget = {
  runs: 20_000,
  slowMs: 3000,
  extension: '.calls',
  async create() {
    const executor = new Executor({ log: silentLogger, clock: systemClock }, { threads: 1 })
    await executor.start()
    for (const module of MODULES) await executor.prepare(module, await compileWat(callerWat(module)))
    return {
      generate: makeCalls,
      check: async (input) => {
        const [first, second] = [await run(executor, input, 0), await run(executor, input, 0)]
        const unstable = await run(executor, input, 1)
        return judge(first, second, unstable)
      },
    }
  },
}

async function run(executor: Executor, calls: Uint8Array, module: 0 | 1): Promise<RunReport> {
  return await executor.run({
    functionCid: MODULES[module],
    entry: '_start',
    limits: LIMITS,
    input: { args: ['one'], env: { A: '1' }, stdin: calls },
    timestampMs: 1_767_225_600_000,
    seed: new Uint8Array(32),
    name: 'calls.wasm',
  })
}

function judge(first: RunReport, second: RunReport, unstable: RunReport): Verdict {
  const name = first.exit.kind
  for (const { exit } of [first, unstable]) {
    if (!ENDS.has(exit.kind)) return { name, failure: `ended with ${exit.kind}` }
  }
  const same = (report: RunReport): unknown[] => [report.exit, report.fuelUsed, [...report.stdout], [...report.stderr]]
  if (JSON.stringify(same(first)) !== JSON.stringify(same(second))) return { name, failure: 'came out differently' }
  return { name }
}
