import { distribution, type Measure } from '../support/report.ts'
import { requestOf, startExecutor } from './executor-runs.ts'
import { helloModule } from './modules.ts'

const MODULE_SIZE = 102_400
const WARM_UP = 3_000
const SERIAL = 5_000
const PARALLEL = 30_000
/** Enough that no thread ever waits for the host. */
const IN_FLIGHT = 32
const THREADS = 2

/** A warm hello of 100 KB, a fresh instance each: one after the other, and as many as two threads take. */
export async function measureWarm(): Promise<Measure[]> {
  await using executor = await startExecutor({ threads: THREADS })
  const wasm = await helloModule(MODULE_SIZE)
  await executor.prepare('hello', wasm)
  const request = requestOf('hello')
  for (let turn = 0; turn < WARM_UP; turn++) await executor.run(request)
  const inside: number[] = []
  const whole: number[] = []
  for (let turn = 0; turn < SERIAL; turn++) {
    const { timings } = await executor.run(request)
    inside.push(timings.queueMs + timings.instantiateMs + timings.runMs)
    whole.push(timings.totalMs)
  }
  const startMs = performance.now()
  let left = PARALLEL
  const lane = async (): Promise<void> => {
    while (left-- > 0) await executor.run(request)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
  const perSecond = PARALLEL / ((performance.now() - startMs) / 1000)
  return [
    { bench: 'sandbox', name: 'sandbox.warm.module', value: wasm.length / 1024, unit: 'KiB' },
    ...spread('sandbox.warm', inside),
    ...spread('sandbox.warm.withTransport', whole),
    { bench: 'sandbox', name: 'sandbox.runsPerSecond', value: perSecond, unit: 'runs/s' },
  ]
}

function spread(name: string, samples: readonly number[]): Measure[] {
  const { p50, p99 } = distribution(samples)
  return [
    { bench: 'sandbox', name: `${name}.p50`, value: p50, unit: 'ms' },
    { bench: 'sandbox', name: `${name}.p99`, value: p99, unit: 'ms' },
  ]
}
