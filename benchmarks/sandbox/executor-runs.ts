import { readFileSync } from 'node:fs'
import { type Clock, silentLogger, systemClock } from '@blockless/core'
import { Executor, type ExecutorInit, type RunRequest } from '@blockless/runtime'

/** Microseconds of the clock that measures are taken with. */
export const clock: Clock = systemClock

/** A started executor. */
export async function startExecutor(init: ExecutorInit): Promise<Executor> {
  const executor = new Executor({ log: silentLogger, clock }, init)
  await executor.start()
  return executor
}

/** A request as a node makes them, with limits of the size that functions have by default. */
export function requestOf(functionCid: string): RunRequest {
  return {
    functionCid,
    entry: '_start',
    limits: { fuel: 100_000_000, memoryBytes: 134_217_728, outputBytes: 1_048_576, deadlineMs: 60_000 },
    input: { args: ['one'], env: { NAME: 'value' }, stdin: new Uint8Array(1024) },
    timestampMs: 0,
    seed: new Uint8Array(32),
    name: 'bench.wasm',
  }
}

/** Megabytes that a process has in memory; undefined where the system does not say. */
export function residentMegabytes(pid: number | undefined): number | undefined {
  try {
    const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]
    return (Number(pages) * 4096) / 1_048_576
  } catch {
    return undefined
  }
}
