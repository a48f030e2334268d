import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instrument, STATUS } from '@blockless/wasm'
import fc from 'fast-check'
import { encodeProgram } from '../oracle/encode.ts'
import { profile, TooDeep } from '../oracle/interpret.ts'
import { type Program, randomProgram } from '../oracle/program.ts'
import { runInstrumented } from '../oracle/run.ts'
import { ProfileCollector } from './profile-collector.ts'

const RUNS = Number(process.env['RUNS'] ?? 1000)
const SEED = process.env['SEED']
const OPTIONS = { memoryPagesMax: 65_536, callDepthMax: 1_000_000 }

function profileIfShallow(program: Program, args: readonly number[], limit: number): ReturnType<typeof profile> | null {
  try {
    return profile(program, args, limit)
  } catch (error) {
    if (error instanceof TooDeep) return null
    throw error
  }
}

test('instrument() with a profile agrees with a plain interpreter on random programs, in the fuel of every path', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(20, 100, 500, 1500, 6000), (seed, limit) => {
      const program = randomProgram(seed)
      const args = Array.from({ length: program.functions[0]?.params ?? 0 }, (_, index) => (seed >>> index) & 3)
      const expected = profileIfShallow(program, args, limit)
      fc.pre(expected !== null)
      const bytes = encodeProgram(program)
      for (const precise of [false, true]) {
        const plain = runInstrumented(instrument(bytes, { ...OPTIONS, precise }), args, limit)
        const collector = new ProfileCollector(limit)
        const rewritten = instrument(bytes, { ...OPTIONS, precise, profile: true })
        const profiled = runInstrumented(rewritten, args, limit, collector)
        const selfByPath = collector.finish(limit - profiled.fuel)
        const sum = Object.values(selfByPath).reduce((all, fuel) => all + fuel, 0)
        assert.equal(sum, profiled.fuel)
        if (!precise && plain.end === 'trapped' && plain.status === STATUS.NONE) continue
        assert.deepEqual(profiled, plain)
        assert.deepEqual(selfByPath, expected.selfByPath)
      }
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  )
})
