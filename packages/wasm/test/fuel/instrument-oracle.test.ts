import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instrument, STATUS } from '@blockless/wasm'
import fc from 'fast-check'
import { encodeProgram } from '../oracle/encode.ts'
import { interpret, type Outcome, TooDeep } from '../oracle/interpret.ts'
import { type Program, randomProgram } from '../oracle/program.ts'
import { type EngineOutcome, runInstrumented, runPlain } from '../oracle/run.ts'

const RUNS = Number(process.env['RUNS'] ?? 1500)
const SEED = process.env['SEED']
/** Deeper than any of these programs gets: call depth has tests of its own. */
const OPTIONS = { memoryPagesMax: 65_536, callDepthMax: 1_000_000 }

const ends: Record<string, number> = {}

const asOutcome = ({ status: _status, ...outcome }: EngineOutcome): Outcome => outcome
const argumentsFor = (program: Program, seed: number): number[] =>
  Array.from({ length: program.functions[0]?.params ?? 0 }, (_, index) => (seed >>> index) & 3)

function interpretIfShallow(program: Program, args: readonly number[], limit: number): Outcome | undefined {
  try {
    return interpret(program, args, limit)
  } catch (error) {
    if (error instanceof TooDeep) return undefined
    throw error
  }
}

test('instrument() agrees with a plain interpreter on random programs, in fuel, results, traps and host calls', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(20, 100, 500, 1500, 6000), (seed, limit) => {
      const program = randomProgram(seed)
      const args = argumentsFor(program, seed)
      const bytes = encodeProgram(program)
      assert.ok(WebAssembly.validate(bytes), 'the generator makes valid modules')
      const expected = interpretIfShallow(program, args, limit)
      fc.pre(expected !== undefined)
      ends[expected.end] = (ends[expected.end] ?? 0) + 1

      const precise = runInstrumented(instrument(bytes, { ...OPTIONS, precise: true }), args, limit)
      assert.deepEqual(asOutcome(precise), expected)

      const fast = runInstrumented(instrument(bytes, OPTIONS), args, limit)
      if (fast.end === 'trapped' && fast.status === STATUS.NONE) {
        // The one end that the fast rewriting leaves open: the precise one says how much fuel went before the trap.
        assert.ok(expected.end === 'trapped' || expected.end === 'out-of-fuel')
        assert.deepEqual(fast.calls, expected.calls)
      } else {
        assert.deepEqual(asOutcome(fast), expected)
      }

      if (expected.end === 'out-of-fuel') return
      const plain = runPlain(bytes, args)
      assert.equal(plain.end, expected.end)
      assert.deepEqual(plain.results, expected.results)
      assert.equal(plain.memory, expected.memory)
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  )
})

test('instrument() was tried on programs that end in every way', () => {
  for (const end of ['returned', 'trapped', 'threw', 'out-of-fuel']) {
    assert.ok((ends[end] ?? 0) > RUNS / 200, `programs that end as ${end}: ${ends[end]}`)
  }
})
