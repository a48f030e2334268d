import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contentsOf, createTree, errnoOf, namesIn, openFile, put } from './tree-bench.ts'

test('a file is like an array that grows: written, cut and read at random', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write'), at: fc.nat(3000), bytes: fc.uint8Array({ maxLength: 700 }) }),
    fc.record({ kind: fc.constant('resize'), at: fc.nat(3000), bytes: fc.constant(new Uint8Array()) }),
  )
  const property = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const { file } = createTree()
    const opened = file('f')
    let model: Uint8Array = new Uint8Array()
    for (const { kind, at, bytes } of steps) {
      const size =
        kind === 'resize' ? at : bytes.length === 0 ? model.length : Math.max(model.length, at + bytes.length)
      const next = new Uint8Array(size)
      next.set(model.subarray(0, size))
      if (kind === 'resize') opened.setSize(BigInt(at))
      else {
        next.set(bytes, bytes.length === 0 ? 0 : at)
        assert.equal(opened.write(BigInt(at), bytes), bytes.length)
      }
      model = next
      assert.deepEqual(new Uint8Array(opened.read(0n, 10_000)), model)
    }
    assert.deepEqual(opened.read(5n, 10), model.subarray(5, 15))
    assert.equal(opened.read(BigInt(model.length), 10).length, 0)
  })
  fc.assert(property, { numRuns: 60 })
})

test('bytes are bounded over all files, and given back', () => {
  const { root, file } = createTree({ bytesMax: 100 })
  put(file('a'), 'x'.repeat(60))
  assert.equal(
    errnoOf(() => put(file('b'), 'x'.repeat(41))),
    'nospc',
  )
  assert.equal(
    errnoOf(() => file('b').setSize(41n)),
    'nospc',
  )
  assert.equal(
    errnoOf(() => file('b').setSize(2n ** 62n)),
    'fbig',
  )
  assert.equal(
    errnoOf(() => put(file('b'), 'x', 40n)),
    'nospc',
  )
  assert.equal(
    errnoOf(() => put(file('b'), 'x', 39n)),
    'success',
  )
  assert.equal(
    errnoOf(() => root.symlink('x', 'l')),
    'nospc',
  )
  openFile(root, 'a', { truncate: true }).close()
  assert.equal(
    errnoOf(() => root.symlink('x'.repeat(60), 'l')),
    'success',
  )
  root.unlink('l')
  assert.equal(
    errnoOf(() => put(file('b'), 'x'.repeat(60), 40n)),
    'success',
  )
  assert.equal(contentsOf(root, 'b').length, 100)
})

test('names are bounded, and given back', () => {
  const { root, file } = createTree({ entriesMax: 3 })
  file('a').close()
  root.createDirectory('b')
  root.link('a', false, root, 'c')
  assert.equal(
    errnoOf(() => file('d')),
    'nospc',
  )
  assert.equal(
    errnoOf(() => root.createDirectory('d')),
    'nospc',
  )
  assert.equal(
    errnoOf(() => root.link('a', false, root, 'd')),
    'nospc',
  )
  assert.equal(
    errnoOf(() => root.symlink('a', 'd')),
    'nospc',
  )
  root.rename('a', root, 'z')
  root.rename('c', root, 'b/c')
  root.unlink('z')
  assert.equal(
    errnoOf(() => root.symlink('a', 'd')),
    'success',
  )
  assert.deepEqual(namesIn(root), ['b', 'd'])
})

test('zeros and copies are charged as the guest would pay for them', () => {
  const { file, world } = createTree()
  const opened = file('f')
  world.fuel = 0
  opened.setSize(6400n)
  assert.equal(world.fuel, 100)
  opened.setSize(0n)
  assert.equal(world.fuel, 100)
  put(opened, 'x', 12_799n)
  assert.equal(world.fuel, 300)
})
