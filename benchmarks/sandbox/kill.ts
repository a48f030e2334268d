import { compileWat } from '@blockless/testing'
import { distribution, type Measure } from '../support/report.ts'
import { requestOf, startExecutor } from './executor-runs.ts'
import { helloModule } from './modules.ts'

const TURNS = 20
const DEADLINE_MS = 200

/** A guest that computes past its deadline: how late its caller is told, and when the next run on that thread is done. */
export async function measureKill(): Promise<Measure[]> {
  await using executor = await startExecutor({ threads: 1 })
  await executor.prepare('spin', await compileWat('(module (func (export "_start") (loop $l (br $l))))'))
  await executor.prepare('hello', await helloModule(10_000))
  const spin = requestOf('spin')
  const endless = { ...spin, limits: { ...spin.limits, fuel: Number.MAX_SAFE_INTEGER, deadlineMs: DEADLINE_MS } }
  await executor.run(requestOf('hello'))
  const late: number[] = []
  const next: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    const startMs = performance.now()
    await executor.run(endless).catch(() => {})
    const toldMs = performance.now()
    await executor.run(requestOf('hello'))
    late.push(toldMs - startMs - DEADLINE_MS)
    next.push(performance.now() - toldMs)
  }
  return [
    { bench: 'sandbox', name: 'sandbox.kill.late.p50', value: distribution(late).p50, unit: 'ms' },
    { bench: 'sandbox', name: 'sandbox.kill.replaced.p50', value: distribution(next).p50, unit: 'ms' },
  ]
}
