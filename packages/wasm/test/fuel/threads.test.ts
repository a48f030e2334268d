import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type InstrumentOptions, instrument, STATUS } from '@blockless/wasm'
import { wat } from '../wat.ts'
import { load } from './guest.ts'

const moduleOf = (body: string): Uint8Array<ArrayBuffer> =>
  wat(`(module (memory (export "memory") 1 4 shared) (func (export "run") (result i64) ${body}))`)

const BODIES: readonly { name: string; body: string; result: bigint; fuel: number }[] = [
  { name: 'an atomic load', body: '(i64.atomic.load (i32.const 8))', result: 0n, fuel: 2 },
  {
    name: 'an atomic store',
    body: '(i64.atomic.store32 (i32.const 0) (i64.const 5)) (i64.const 1)',
    result: 1n,
    fuel: 4,
  },
  {
    name: 'an atomic update',
    body: '(drop (i64.atomic.rmw8.add_u (i32.const 0) (i64.const 5))) (i64.load (i32.const 0))',
    result: 5n,
    fuel: 5,
  },
  {
    name: 'a compare and exchange',
    body: '(i64.atomic.rmw.cmpxchg (i32.const 0) (i64.const 1) (i64.const 2))',
    result: 0n,
    fuel: 4,
  },
  { name: 'a fence', body: '(atomic.fence) (i64.const 3)', result: 3n, fuel: 2 },
  {
    name: 'notify',
    body: '(i64.extend_i32_u (memory.atomic.notify (i32.const 0) (i32.const 1)))',
    result: 0n,
    fuel: 4,
  },
  {
    name: 'a wait for what has changed',
    body: '(i64.extend_i32_u (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))',
    result: 1n,
    fuel: 5,
  },
  {
    name: 'a wait that times out',
    body: '(i64.extend_i32_u (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const 1)))',
    result: 2n,
    fuel: 5,
  },
  {
    name: 'growth of a shared memory',
    body: '(i64.extend_i32_u (memory.grow (i32.const 2)))',
    result: 1n,
    fuel: 3 + 2048,
  },
  { name: 'growth over the maximum', body: '(i64.extend_i32_s (memory.grow (i32.const 4)))', result: -1n, fuel: 3 },
]

for (const precise of [false, true]) {
  for (const { name, body, result, fuel } of BODIES) {
    test(`instrument() counts ${name}${precise ? ', in the precise rewriting' : ''}`, () => {
      const guest = load(moduleOf(body), { precise, threads: true })
      assert.equal(guest.exports['run']?.(), result)
      assert.equal(guest.used(), fuel)
      assert.ok(guest.memory.buffer instanceof SharedArrayBuffer)
    })
  }
}

test('instrument() keeps fuel exact where an atomic access traps', () => {
  for (const address of [4, 65_536]) {
    const guest = load(moduleOf(`(i64.atomic.load (i32.const ${address}))`), { precise: true, threads: true })
    assert.throws(() => guest.exports['run']?.(), WebAssembly.RuntimeError)
    assert.equal(guest.used(), 2)
    assert.equal(guest.reason(), STATUS.NONE)
  }
})

test('instrument() lets a guest without fuel neither wait nor notify', () => {
  const body = '(i64.extend_i32_u (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))'
  for (const source of [
    body,
    body.replace('wait32 (i32.const 0) (i32.const 0) (i64.const -1)', 'notify (i32.const 0) (i32.const 1)'),
  ]) {
    const guest = load(moduleOf(source), { fuel: 2n, threads: true })
    assert.throws(() => guest.exports['run']?.(), WebAssembly.RuntimeError)
    assert.equal(guest.reason(), STATUS.OUT_OF_FUEL)
  }
})

test('instrument() caps a shared memory and keeps it shared', () => {
  const options: InstrumentOptions = { memoryPagesMax: 2, threads: true }
  for (const source of ['(memory 1 4 shared)', '(import "env" "memory" (memory 1 4 shared))']) {
    const rewritten = instrument(wat(`(module ${source} (export "memory" (memory 0)))`), options)
    assert.deepEqual(rewritten.memory, { pagesInitial: 1, pagesMax: 2 })
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true })
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(rewritten.bytes), { env: { memory } })
    assert.ok((exports['memory'] as WebAssembly.Memory).buffer instanceof SharedArrayBuffer)
    assert.throws(() => (exports['memory'] as WebAssembly.Memory).grow(2), RangeError)
  }
})

const INVALID: readonly { name: string; module: string; problem: RegExp }[] = [
  {
    name: 'an alignment below the natural one',
    module: '(memory 1 1 shared) (func (drop (i32.atomic.load align=2 (i32.const 0))))',
    problem: /2\^1 is not the natural one, 2\^2/,
  },
  {
    name: 'an access without a memory',
    module: '(func (drop (i32.atomic.load (i32.const 0))))',
    problem: /unknown memory 0/,
  },
  {
    name: 'an operand of another type',
    module: '(memory 1 1 shared) (func (i64.atomic.store8 (i32.const 0) (i32.const 0)))',
    problem: /i64\.atomic\.store8 needs i64, found i32/,
  },
]

for (const { name, module, problem } of INVALID) {
  test(`instrument() refuses ${name} of an atomic instruction`, () => {
    const bytes = wat(`(module ${module})`)
    assert.ok(!WebAssembly.validate(bytes))
    assert.throws(() => instrument(bytes, { memoryPagesMax: 1, threads: true }), {
      code: 'ERR_MODULE_INVALID',
      message: problem,
    })
  })
}

test('instrument() refuses a shared memory without a maximum', () => {
  const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 2, 1)
  assert.ok(!WebAssembly.validate(bytes))
  assert.throws(() => instrument(bytes, { memoryPagesMax: 1, threads: true }), { code: 'ERR_MODULE_INVALID' })
})
