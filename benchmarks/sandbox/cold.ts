import { distribution, type Measure } from '../support/report.ts'
import { requestOf, residentMegabytes, startExecutor } from './executor-runs.ts'
import { helloModule } from './modules.ts'

const ONE_MEGABYTE = 1_048_576
const TURNS = 12
const LARGE_TURNS = 3

/** From the bytes of a module that was never seen to its first answer, and what it takes in memory from then on. */
export async function measureCold(): Promise<Measure[]> {
  const measures: Measure[] = []
  await using executor = await startExecutor({ threads: 1 })
  await executor.prepare('first', await helloModule(10_000))
  await executor.run(requestOf('first'))
  const before = residentMegabytes(executor.pid)
  const times: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    const wasm = await helloModule(ONE_MEGABYTE, turn)
    const startMs = performance.now()
    await executor.prepare(`module ${turn}`, wasm)
    await executor.run(requestOf(`module ${turn}`))
    times.push(performance.now() - startMs)
  }
  const after = residentMegabytes(executor.pid)
  measures.push({ bench: 'sandbox', name: 'sandbox.first.1MB.p50', value: distribution(times).p50, unit: 'ms' })
  if (before !== undefined && after !== undefined) {
    const each = (after - before) / TURNS
    measures.push({ bench: 'sandbox', name: 'sandbox.memory.perModule1MB', value: each, unit: 'MiB' })
  }
  const large: number[] = []
  for (let turn = 0; turn < LARGE_TURNS; turn++) {
    const wasm = await helloModule(10 * ONE_MEGABYTE, turn + TURNS)
    const startMs = performance.now()
    await executor.prepare(`large ${turn}`, wasm)
    large.push(performance.now() - startMs)
  }
  measures.push({ bench: 'sandbox', name: 'sandbox.ready.10MB.p50', value: distribution(large).p50, unit: 'ms' })
  return measures
}
