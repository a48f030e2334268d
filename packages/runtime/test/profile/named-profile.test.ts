import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldedStacks, functionFuel, type NamedProfile, nameProfile, speedscopeFile } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import type { ProfileNode } from '../../src/profile/profile-bytes.ts'

const ROOT: ProfileNode = { parent: 0, function: { kind: 'root' }, selfFuel: 0 }
const OTHER: ProfileNode = { parent: 0, function: { kind: 'other' }, selfFuel: 1 }
const guest = (parent: number, module: number, index: number, selfFuel: number): ProfileNode => ({
  parent,
  function: { kind: 'guest', module, index },
  selfFuel,
})
const MODULE = '(module (import "env" "seed" (func (result f64))) (func (export "run")) (func))'

/** A tree of `name:parent:fuel`, the root before it. */
const tree = (...nodes: string[]): NamedProfile => [
  { parent: 0, name: '(root)', selfFuel: 0 },
  ...nodes.map((node) => {
    const [name = '', parent, fuel] = node.split(':')
    return { name, parent: Number(parent), selfFuel: Number(fuel) }
  }),
]

test('nameProfile() names functions of the entry, of linked modules and of the host', async () => {
  const wasm = await compileWat(MODULE)
  const program = { entry: wasm, modules: [{ name: 'math', wasm }] }
  const host: ProfileNode = { parent: 3, function: { kind: 'host', name: 'env.seed' }, selfFuel: 4 }
  const profile = nameProfile([ROOT, OTHER, guest(0, 1, 1, 2), guest(2, 0, 2, 3), host], program)
  assert.deepEqual(
    profile.map(({ name }) => name),
    ['(root)', '(other)', 'run', 'math:func[2]', 'env.seed'],
  )
  assert.equal(
    [...foldedStacks(profile)].join(''),
    '(other) 1\nrun 2\nrun;math:func[2] 3\nrun;math:func[2];env.seed 4\n',
  )
})

test('nameProfile() refuses a profile of another program', async () => {
  const program = { entry: await compileWat(MODULE), modules: [] }
  assert.throws(() => nameProfile([ROOT, OTHER, guest(0, 1, 1, 2)], program), RangeError)
  assert.throws(() => nameProfile([ROOT, OTHER, guest(0, 0, 3, 2)], program), RangeError)
})

test('foldedStacks() keeps names from ending a frame or a line', () => {
  const [line] = foldedStacks(tree('a;b c\n<int, 3>:0:5'))
  assert.equal(line, 'a:b c <int, 3> 5\n')
})

test('foldedStacks() leaves out the middle of deep stacks, and no fuel', () => {
  const deep = Array.from({ length: 1000 }, (_, index) => `f${index}:${index}:1`)
  const lines = [...foldedStacks(tree(...deep))]
  assert.equal(
    lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0),
    1000,
  )
  assert.equal(lines[127]?.split(';').length, 128)
  const last = lines[999]?.split(';') ?? []
  assert.deepEqual([last.length, last[0], last[63], last[64], last[127]], [128, 'f0', 'f63', '(…)', 'f999 1\n'])
})

test('functionFuel() counts a function that calls itself once in its total', () => {
  const profile = tree('main:0:1', 'walk:1:10', 'walk:2:20', 'leaf:3:5', 'walk:1:0', 'unused:1:0')
  assert.deepEqual(functionFuel(profile), [
    { name: 'walk', selfFuel: 30, totalFuel: 35 },
    { name: 'leaf', selfFuel: 5, totalFuel: 5 },
    { name: 'main', selfFuel: 1, totalFuel: 36 },
  ])
})

test('speedscopeFile() has every stack with its weight', () => {
  const file = JSON.parse([...speedscopeFile(tree('main:0:1', 'leaf:1:5', 'main:2:2'), 'a "name"')].join(''))
  assert.equal(file.name, 'a "name"')
  assert.deepEqual(file.shared.frames, [{ name: 'main' }, { name: 'leaf' }])
  assert.deepEqual(file.profiles, [
    {
      type: 'sampled',
      name: 'fuel',
      unit: 'none',
      startValue: 0,
      endValue: 8,
      samples: [[0], [0, 1], [0, 1, 0]],
      weights: [1, 5, 2],
    },
  ])
  const empty = JSON.parse([...speedscopeFile(tree(), 'none')].join(''))
  assert.deepEqual(empty.profiles[0].samples, [])
})
