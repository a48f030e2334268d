import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileKernels } from '../../bench/kernels.ts'
import { load } from './guest.ts'

/** Small enough for a test; the sizes in the bench take a hundred times as long. */
const SIZE = 20

for (const { name, bytes } of await compileKernels()) {
  test(`instrument() changes no result of ${name}, and both rewritings count the same`, () => {
    const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports['run'] as (size: number) => number
    const [fast, precise] = [load(bytes), load(bytes, { precise: true })]
    for (const size of [1, SIZE, SIZE + 1]) {
      const expected = plain(size)
      assert.equal(fast.exports['run']?.(size), expected)
      assert.equal(precise.exports['run']?.(size), expected)
      assert.equal(fast.used(), precise.used())
    }
    assert.ok(fast.used() > 100)
  })
}
