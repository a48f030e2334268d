import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeModule, instrument, ModuleError } from '@blockless/wasm'
import { wat } from './wat.ts'

const OPTIONS = { memoryPagesMax: 65_536 }
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const module = (...bytes: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from([...HEADER, ...bytes])
const u32 = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...u32(value >> 7)])
const sized = (...bytes: number[]): number[] => [...u32(bytes.length), ...bytes]
/** A module with one function, `() -> ()`, of this code. */
const withBody = (...code: number[]): Uint8Array<ArrayBuffer> =>
  module(1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, ...sized(1, ...sized(0, ...code, 0x0b)))
const BODY_AT = 8 + 6 + 4 + 5

/** Proposals that are not run here, by the name in the error. */
const FEATURES: readonly { feature: string; bytes: Uint8Array; at?: number }[] = [
  { feature: 'a shared memory (threads)', bytes: wat('(module (memory 1 2 shared))') },
  { feature: 'atomic instructions (threads)', bytes: withBody(0xfe, 0x03, 0x00), at: BODY_AT },
  { feature: 'a 64-bit memory (memory64)', bytes: wat('(module (memory i64 1))') },
  { feature: 'a 64-bit table (memory64)', bytes: module(4, 4, 1, 0x70, 4, 1), at: 12 },
  { feature: 'more than one memory (multi-memory)', bytes: wat('(module (memory 1) (memory 1))') },
  { feature: 'more than one memory (multi-memory)', bytes: withBody(0x41, 0, 0x28, 0x42, 1, 0, 0x1a), at: BODY_AT + 3 },
  { feature: 'custom page sizes (custom-page-sizes)', bytes: module(5, 4, 1, 8, 1, 0), at: 11 },
  { feature: 'relaxed SIMD (relaxed-simd)', bytes: withBody(0xfd, 0x80, 0x02), at: BODY_AT + 1 },
  { feature: 'garbage collection (gc)', bytes: module(1, 4, 1, 0x5f, 1, 0x7f), at: 11 },
  { feature: 'garbage collection (gc)', bytes: withBody(0xfb, 0x00, 0x00), at: BODY_AT },
  { feature: 'garbage collection (gc)', bytes: withBody(0xd0, 0x6e, 0x1a), at: BODY_AT + 1 },
  { feature: 'wide arithmetic (wide-arithmetic)', bytes: withBody(0xfc, 0x13), at: BODY_AT + 1 },
]

for (const { feature, bytes, at } of FEATURES) {
  test(`instrument() refuses ${feature} by name${at === undefined ? '' : ` at byte ${at}`}`, () => {
    assert.throws(
      () => instrument(bytes, OPTIONS),
      (error) => {
        assert.ok(error instanceof ModuleError && error.details.code === 'ERR_MODULE_FEATURE', String(error))
        assert.equal(error.details.feature, feature)
        if (at !== undefined) assert.equal(error.details.at, at)
        return true
      },
    )
  })
}

const MALFORMED: readonly { name: string; bytes: Uint8Array; at: number }[] = [
  { name: 'an empty file', bytes: new Uint8Array(0), at: 0 },
  { name: 'a file of another kind', bytes: new TextEncoder().encode('#!/bin/sh'), at: 0 },
  { name: 'a component', bytes: Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), at: 4 },
  { name: 'an unknown section', bytes: module(14, 0), at: 8 },
  { name: 'a section twice', bytes: module(1, 1, 0, 1, 1, 0), at: 11 },
  { name: 'sections out of order', bytes: module(3, 1, 0, 1, 1, 0), at: 11 },
  { name: 'a section that is longer than the file', bytes: module(1, 9, 0), at: 11 },
  { name: 'a section with bytes left over', bytes: module(1, 2, 0, 0), at: 11 },
  { name: 'a count that the section cannot hold', bytes: module(1, 4, 0xc0, 0x84, 0x3d, 0x60), at: 10 },
  { name: 'an integer that is too wide', bytes: module(1, 5, 0xff, 0xff, 0xff, 0xff, 0x7f), at: 10 },
  { name: 'a function without a body', bytes: module(1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0), at: 18 },
  { name: 'a name that is not UTF-8', bytes: module(0, 2, 1, 0xff), at: 11 },
  { name: 'an unknown instruction', bytes: withBody(0x27), at: BODY_AT },
  { name: 'an unknown SIMD instruction', bytes: withBody(0xfd, 0x9a, 0x01), at: BODY_AT + 1 },
  { name: 'else without if', bytes: withBody(0x05), at: BODY_AT },
  { name: 'catch without try', bytes: withBody(0x19), at: BODY_AT },
  { name: 'code after the end', bytes: withBody(0x0b, 0x01), at: BODY_AT + 1 },
]

for (const { name, bytes, at } of MALFORMED) {
  test(`instrument() says where ${name} is malformed`, () => {
    assert.throws(
      () => instrument(bytes, OPTIONS),
      (error) => {
        assert.ok(error instanceof ModuleError && error.details.code === 'ERR_MODULE_MALFORMED', String(error))
        assert.equal(error.details.at, at, error.message)
        assert.match(error.message, new RegExp(`^Cannot decode module: at byte ${at}, .* is needed$`))
        return true
      },
    )
  })
}

test('instrument() takes 100,000 functions, deeply nested blocks and long branch tables', () => {
  const many = wat(`(module ${'(func (nop))'.repeat(100_000)})`)
  assert.ok(WebAssembly.validate(instrument(many, OPTIONS).bytes))
  const table = wat(`(module (func (block (br_table ${'0 '.repeat(60_000)} (i32.const 0)))))`)
  assert.ok(WebAssembly.validate(instrument(table, OPTIONS).bytes))
  const deep = withBody(...Array(5_000).fill([0x02, 0x40]).flat(), ...Array(5_000).fill(0x0b))
  assert.ok(WebAssembly.validate(instrument(deep, OPTIONS).bytes))
})

test('instrument() refuses more locals than the engine takes with those it adds', () => {
  const locals = (count: number): Uint8Array => wat(`(module (func (export "f") (local ${'i32 '.repeat(count)})))`)
  assert.ok(WebAssembly.validate(instrument(locals(49_990), OPTIONS).bytes))
  assert.throws(() => instrument(locals(49_999), OPTIONS), { code: 'ERR_MODULE_LIMIT' })
})

test('decodeModule() finds the sections and bodies of a module', () => {
  const decoded = decodeModule(withBody(0x01))
  assert.deepEqual([...decoded.sections.keys()], [1, 3, 10])
  assert.deepEqual([...decoded.bodies], [BODY_AT - 1, BODY_AT + 2])
  assert.equal(decoded.memory, undefined)
})
