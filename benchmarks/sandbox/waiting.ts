import { silentLogger } from '@blockless/core'
import { answered, CLOSED_GATE, type HostFamily, RunHost } from '@blockless/runtime'
import type { Measure } from '../support/report.ts'
import { clock, requestOf, residentMegabytes, startExecutor } from './executor-runs.ts'
import { askingModule } from './modules.ts'

const GUESTS = 1_000

/** A thousand guests that wait for the world at once: what that takes in memory, and how soon all go on. */
export async function measureWaiting(): Promise<Measure[]> {
  await using executor = await startExecutor({ threads: 2, queueMax: GUESTS })
  await executor.prepare('ask', await askingModule())
  const waiting: (() => void)[] = []
  const family: HostFamily = {
    name: 'http',
    open: () => ({
      call: async () => {
        await new Promise<void>((resolve) => waiting.push(resolve))
        return answered({ handle: 1, code: 200 })
      },
      close: async () => {},
    }),
  }
  const before = residentMegabytes(executor.pid)
  const startMs = performance.now()
  const runs = Array.from({ length: GUESTS }, async () => {
    const components = { families: [family], clock, log: silentLogger }
    await using host = new RunHost(components, { functionCid: 'ask', gate: CLOSED_GATE })
    return await executor.run(requestOf('ask'), undefined, host)
  })
  while (waiting.length < GUESTS) await new Promise((resolve) => setImmediate(resolve))
  const parkedMs = performance.now() - startMs
  const resident = residentMegabytes(executor.pid)
  const releasedMs = performance.now()
  for (const release of waiting) release()
  await Promise.all(runs)
  const resumedMs = performance.now() - releasedMs
  const measures: Measure[] = [
    { bench: 'sandbox', name: 'sandbox.waiting.park', value: (parkedMs / GUESTS) * 1000, unit: 'µs/guest' },
    { bench: 'sandbox', name: 'sandbox.waiting.resume', value: (resumedMs / GUESTS) * 1000, unit: 'µs/guest' },
  ]
  if (before === undefined || resident === undefined) return measures
  return [
    { bench: 'sandbox', name: 'sandbox.waiting.1000.resident', value: resident, unit: 'MiB' },
    { bench: 'sandbox', name: 'sandbox.memory.perInstance', value: ((resident - before) / GUESTS) * 1024, unit: 'KiB' },
    ...measures,
  ]
}
