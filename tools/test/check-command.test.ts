import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runSteps, type Step, selectSteps } from '../check.ts'
import { createRepository } from './temporary-repository.ts'

const step = (name: string, ...commands: string[][]): Step => ({ name, purpose: name, commands })

test('selectSteps() takes all steps when none is named', () => {
  const steps = [step('types'), step('lint'), step('layers')]
  assert.deepEqual(selectSteps(steps, []), steps)
  assert.deepEqual(selectSteps(steps, ['layers', 'types']), [steps[0], steps[2]])
})

test('selectSteps() throws on an unknown step and names the known ones', () => {
  assert.throws(() => selectSteps([step('types'), step('lint')], ['typos']), /"typos": known are types, lint/)
})

test('runSteps() runs every step and every command although some fail', async () => {
  using repository = createRepository({
    'good.mjs': "console.log('good')",
    'bad.mjs': "console.error('bad'); process.exitCode = 1",
  })
  const steps = [step('a', ['bad.mjs'], ['good.mjs']), step('b', ['good.mjs']), step('c', ['absent.mjs'])]
  const ended: string[] = []
  const results = await runSteps(steps, repository.root, (result) => ended.push(result.step.name))
  assert.deepEqual(ended.toSorted(), ['a', 'b', 'c'])
  const outcome = Object.fromEntries(results.map((result) => [result.step.name, result]))
  assert.deepEqual([outcome['a']?.ok, outcome['b']?.ok, outcome['c']?.ok], [false, true, false])
  assert.equal(outcome['a']?.output, 'bad\ngood')
})
