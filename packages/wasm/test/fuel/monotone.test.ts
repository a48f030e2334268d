import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instrument } from '@blockless/wasm'
import fc from 'fast-check'
import { encodeProgram } from '../oracle/encode.ts'
import { type Instruction, type Program, randomProgram } from '../oracle/program.ts'
import { type EngineOutcome, runInstrumented } from '../oracle/run.ts'

const RUNS = Number(process.env['RUNS'] ?? 400)
const OPTIONS = { memoryPagesMax: 65_536, callDepthMax: 1_000_000, precise: true }
const LIMIT = 6_000
/** Any number of executions of what is added fits: each adds one unit. */
const LIMIT_AFTER: number = 4 * LIMIT
/** Two instructions that change nothing; the first one costs a unit. */
const ADDED: readonly Instruction[] = [{ op: 'const', value: 7 }, { op: 'drop' }]

/** The body with something added at its `at`-th place, counted through all blocks; places behind the end are the end. */
function addAt(body: readonly Instruction[], at: { left: number }): Instruction[] {
  const added: Instruction[] = []
  for (const instruction of body) {
    if (at.left-- === 0) added.push(...ADDED)
    added.push(within(instruction, at))
  }
  return added
}

function within(instruction: Instruction, at: { left: number }): Instruction {
  if (!('body' in instruction)) return instruction
  const inner = { ...instruction, body: addAt(instruction.body, at) }
  if (inner.op === 'if' && inner.otherwise !== undefined) return { ...inner, otherwise: addAt(inner.otherwise, at) }
  return inner.op === 'try' ? { ...inner, handler: addAt(inner.handler, at) } : inner
}

function withMore(program: Program, index: number, place: number): Program {
  const chosen = index % program.functions.length
  const functions = program.functions.map((one, other) =>
    other === chosen ? { ...one, body: addAt(one.body, { left: place }) } : one,
  )
  return { ...program, functions }
}

const run = (program: Program, args: readonly number[], limit: number): EngineOutcome =>
  runInstrumented(instrument(encodeProgram(program), OPTIONS), args, limit)

test('instrument() never counts less for a program with more instructions', () => {
  let grown = 0
  fc.assert(
    fc.property(fc.integer(), fc.nat(100), fc.nat(40), (seed, index, place) => {
      const program = randomProgram(seed)
      const args = Array.from({ length: program.functions[0]?.params ?? 0 }, (_, bit) => (seed >>> bit) & 3)
      const before = run(program, args, LIMIT)
      fc.pre(before.end !== 'out-of-fuel')
      const after = run(withMore(program, index, place), args, LIMIT_AFTER)
      assert.equal(after.end, before.end)
      assert.deepEqual(after.results, before.results)
      assert.ok(after.fuel >= before.fuel, `${after.fuel} after, ${before.fuel} before`)
      if (after.fuel > before.fuel) grown++
    }),
    { numRuns: RUNS },
  )
  assert.ok(grown > RUNS / 20, `what was added ran in ${grown} programs only`)
})
