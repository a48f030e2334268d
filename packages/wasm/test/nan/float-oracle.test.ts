import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { InstrumentOptions } from '@blockless/wasm'
import fc from 'fast-check'
import { load } from '../fuel/guest.ts'
import { wat } from '../wat.ts'
import { interpretFloats, randomMemory } from './float-interpret.ts'
import { MEMORY_SIZE, printProgram, type RandomBelow, randomFunctions } from './float-program.ts'

const RUNS = Number(process.env['RUNS'] ?? 400)
const NO_BASELINE = '--no-liftoff'
let differing = 0
const SEED = process.env['SEED']

/** xorshift32: the same seed makes the same program. */
function dice(seed: number): RandomBelow {
  let state = (seed ^ 0x9e3779b9) | 1
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

function run(
  bytes: Uint8Array,
  memory: Uint8Array,
  options: Partial<InstrumentOptions>,
): { memory: string; fuel: number } {
  const guest = load(bytes, options)
  const view = new Uint8Array(guest.memory.buffer)
  view.set(memory)
  guest.exports['run']?.()
  return { memory: hex(view.subarray(0, MEMORY_SIZE)), fuel: guest.used() }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('instrument() agrees in every bit with an interpreter whose NaNs are canonical', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const below = dice(seed)
      const functions = randomFunctions(below)
      const memory = randomMemory(below)
      const bytes = wat(printProgram(functions))
      const expected = interpretFloats(functions, memory)
      for (const precise of [false, true]) {
        const end = run(bytes, memory, { precise })
        assert.equal(end.memory, hex(expected.memory))
        assert.equal(end.fuel, expected.fuel)
      }
      if (run(bytes, memory, { canonicalNan: false }).memory !== hex(expected.memory)) differing++
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  )
  assert.ok(differing > RUNS / 20, `programs that see the NaNs of this machine otherwise: ${differing}`)
})

test('instrument() agrees with it in the optimizing compiler too', {
  skip: process.execArgv.includes(NO_BASELINE),
}, () => {
  const { status, stdout } = spawnSync(process.execPath, [NO_BASELINE, import.meta.filename], { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})
