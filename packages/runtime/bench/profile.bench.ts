// What a profile costs: `node packages/runtime/bench/profile.bench.ts [--json]`; time of a run with one over that without.
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { silentLogger, systemClock } from '@blockless/core'
import { Executor, type RunRequest } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'

const ROUNDS = 15
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })

/** Programs that differ in how often they call. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'fib (calls)': `(func $fib (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0)) (else (i32.add
        (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "_start") (drop (call $fib (i32.const 27))))`,
  'loop (no calls)': `(func (export "_start") (local $i i32) (local $sum i32)
      (loop $again
        (local.set $sum (i32.xor (local.get $sum) (i32.mul (local.get $i) (i32.const 31))))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10_000_000)))))`,
  'sum (a call for every 32 loads)': `(func $sum (param $at i32) (result i32) (local $sum i32) (local $end i32)
      (local.set $end (i32.add (local.get $at) (i32.const 128)))
      (loop $again
        (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
        (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $end))))
      (local.get $sum))
    (func (export "_start") (local $i i32)
      (loop $again
        (drop (call $sum (i32.and (local.get $i) (i32.const 0xff80))))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200_000)))))`,
}

function requestOf(functionCid: string, profile: boolean): RunRequest {
  return {
    functionCid,
    entry: '_start',
    limits: { fuel: Number.MAX_SAFE_INTEGER, memoryBytes: 1 << 24, outputBytes: 1024, deadlineMs: 60_000 },
    input: { args: [], env: {}, stdin: new Uint8Array() },
    timestampMs: 0,
    seed: new Uint8Array(32),
    name: 'bench.wasm',
    profile,
  }
}

await using executor = new Executor({ log: silentLogger, clock: systemClock }, { threads: 1 })
await executor.start()
if (!values.json) console.log(`Node ${process.version}, ${cpus()[0]?.model}, best of ${ROUNDS} rounds`)
for (const [name, body] of Object.entries(PROGRAMS)) {
  await executor.prepare(name, await compileWat(`(module (memory (export "memory") 2) ${body})`))
  const best = { plain: Number.POSITIVE_INFINITY, profiled: Number.POSITIVE_INFINITY }
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of ['plain', 'profiled'] as const) {
      const { timings } = await executor.run(requestOf(name, kind === 'profiled'))
      best[kind] = Math.min(best[kind], timings.runMs)
    }
  }
  const ratio = best.profiled / best.plain
  if (values.json)
    console.log(JSON.stringify({ bench: 'profile', name, value: Number(ratio.toPrecision(4)), unit: 'x' }))
  else {
    const times = `${best.plain.toFixed(2).padStart(8)} ms ${best.profiled.toFixed(2).padStart(8)} ms`
    console.log(`${name.padEnd(36)} ${times} ${ratio.toFixed(2).padStart(7)}x`)
  }
}
