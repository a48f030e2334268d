import { parseFloatBits, parseIntegerBits } from './number-literals.ts'
import { type Expression, type List, ScriptError } from './s-expression.ts'

/** Types whose values are bits. */
export type NumericType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

/** A value that goes into or comes out of a function: bits, the first lane lowest, or a reference as JavaScript has it. */
export type Value =
  | { readonly type: NumericType; readonly bits: bigint }
  | { readonly type: 'ref'; readonly value: unknown }

/** What a script expects of a result. */
export type Pattern =
  | { readonly kind: 'bits'; readonly type: NumericType; readonly bits: bigint }
  | { readonly kind: 'nan'; readonly type: 'f32' | 'f64'; readonly isCanonical: boolean }
  | { readonly kind: 'lanes'; readonly width: number; readonly lanes: readonly Pattern[] }
  | { readonly kind: 'ref'; readonly heap: string; readonly value: unknown }
  | { readonly kind: 'either'; readonly patterns: readonly Pattern[] }

/** A reference that is not null and cannot be shown to JavaScript. */
export const OPAQUE: unique symbol = Symbol('a reference')

const SHAPES: Readonly<Record<string, readonly [lane: 'f32' | 'f64' | 'integer', width: number]>> = {
  i8x16: ['integer', 8],
  i16x8: ['integer', 16],
  i32x4: ['integer', 32],
  i64x2: ['integer', 64],
  f32x4: ['f32', 32],
  f64x2: ['f64', 64],
}
const HOST_REFERENCES = new Map<string, object>()

/** The host's object for a number in a script, the same one each time. */
function hostReference(name: string): object {
  const known = HOST_REFERENCES.get(name)
  if (known !== undefined) return known
  const created = Object.freeze({ hostReference: name })
  HOST_REFERENCES.set(name, created)
  return created
}

/**
 * An argument, such as `(i32.const 1)` or `(ref.null func)`.
 *
 * @throws {ScriptError} if it is no constant
 */
export function parseValue(expression: Expression): Value {
  const pattern = parsePattern(expression)
  if (pattern.kind === 'bits') return { type: pattern.type, bits: pattern.bits }
  if (pattern.kind === 'ref' && pattern.value !== OPAQUE) return { type: 'ref', value: pattern.value }
  if (pattern.kind === 'lanes') {
    const lanes = pattern.lanes.map((lane) => (lane.kind === 'bits' ? lane.bits : undefined))
    if (!lanes.includes(undefined)) return { type: 'v128', bits: joinLanes(lanes as bigint[], pattern.width) }
  }
  throw new ScriptError(expression.line, 'an argument must be a constant')
}

/**
 * An expected result, such as `(f32.const nan:canonical)` or `(either (i32.const 1) (i32.const 2))`.
 *
 * @throws {ScriptError} if it is neither a constant nor a pattern of results
 */
export function parsePattern(expression: Expression): Pattern {
  if (expression.kind !== 'list') throw new ScriptError(expression.line, 'a constant in parentheses is needed')
  const [head, ...rest] = expression.items
  const keyword = head?.kind === 'atom' ? head.text : ''
  if (keyword === 'either') return { kind: 'either', patterns: rest.map(parsePattern) }
  if (keyword.startsWith('ref.')) return parseReference(keyword.slice(4), rest)
  if (keyword === 'v128.const') return parseVector(expression, words(rest))
  const type = keyword.replace(/\.const$/, '')
  const literal = words(rest)[0]
  const pattern = literal === undefined ? undefined : parseNumber(type, literal)
  if (pattern === undefined) throw new ScriptError(expression.line, `"${describe(expression)}" is no constant`)
  return pattern
}

function parseNumber(type: string, literal: string): Pattern | undefined {
  if (type === 'f32' || type === 'f64') {
    if (literal === 'nan:canonical' || literal === 'nan:arithmetic') {
      return { kind: 'nan', type, isCanonical: literal === 'nan:canonical' }
    }
    const bits = parseFloatBits(literal, type)
    return bits === undefined ? undefined : { kind: 'bits', type, bits }
  }
  if (type !== 'i32' && type !== 'i64') return undefined
  const bits = parseIntegerBits(literal, type === 'i32' ? 32 : 64)
  return bits === undefined ? undefined : { kind: 'bits', type, bits }
}

function parseReference(heap: string, rest: readonly Expression[]): Pattern {
  if (heap === 'null') return { kind: 'ref', heap, value: null }
  const [name] = words(rest)
  return { kind: 'ref', heap, value: name === undefined ? OPAQUE : hostReference(name) }
}

function parseVector(list: List, [shape = '', ...literals]: readonly string[]): Pattern {
  const [lane, width] = SHAPES[shape] ?? []
  if (lane === undefined || width === undefined || literals.length !== 128 / width) {
    throw new ScriptError(list.line, `"${describe(list)}" is no vector`)
  }
  const lanes = literals.map((literal): Pattern => {
    const bits = lane === 'integer' ? parseIntegerBits(literal, width) : undefined
    const pattern = lane === 'integer' ? asLane(bits) : parseNumber(lane, literal)
    if (pattern === undefined) throw new ScriptError(list.line, `"${literal}" is no lane`)
    return pattern
  })
  return { kind: 'lanes', width, lanes }
}

function asLane(bits: bigint | undefined): Pattern | undefined {
  return bits === undefined ? undefined : { kind: 'bits', type: 'i64', bits }
}

function words(expressions: readonly Expression[]): string[] {
  return expressions.flatMap((expression) => (expression.kind === 'atom' ? [expression.text] : []))
}

function describe(list: List): string {
  return `(${words(list.items).join(' ')})`
}

function joinLanes(lanes: readonly bigint[], width: number): bigint {
  return lanes.reduceRight((bits, lane) => (bits << BigInt(width)) | lane, 0n)
}

/**
 * Whether a result is what a script expects.
 *
 * @param hasCanonicalNan - every NaN that arithmetic makes has to be the one with a positive sign and only its top bit
 */
export function matches(pattern: Pattern, value: Value, hasCanonicalNan: boolean): boolean {
  if (pattern.kind === 'either') return pattern.patterns.some((one) => matches(one, value, hasCanonicalNan))
  if (pattern.kind === 'ref') return value.type === 'ref' && isReference(pattern.heap, pattern.value, value.value)
  if (value.type === 'ref') return false
  if (pattern.kind === 'bits') return value.type === pattern.type && value.bits === pattern.bits
  if (pattern.kind === 'nan') return value.type === pattern.type && isNan(pattern, value.bits, hasCanonicalNan)
  if (value.type !== 'v128') return false
  const mask = (1n << BigInt(pattern.width)) - 1n
  return pattern.lanes.every((lane, index) => {
    const bits = (value.bits >> BigInt(index * pattern.width)) & mask
    const type = lane.kind === 'nan' || lane.kind === 'bits' ? lane.type : 'i64'
    return matches(lane, { type, bits }, hasCanonicalNan)
  })
}

function isNan(pattern: Pattern & { kind: 'nan' }, bits: bigint, hasCanonicalNan: boolean): boolean {
  const canonical = pattern.type === 'f32' ? 0x7fc0_0000n : 0x7ff8_0000_0000_0000n
  if (hasCanonicalNan) return bits === canonical
  const magnitude = BigInt.asUintN(pattern.type === 'f32' ? 31 : 63, bits)
  return pattern.isCanonical ? magnitude === canonical : (magnitude & canonical) === canonical
}

function isReference(heap: string, expected: unknown, actual: unknown): boolean {
  if (expected !== OPAQUE) return actual === expected
  return heap === 'func' ? typeof actual === 'function' : actual !== null
}

/** A value as a script would spell it, for messages. */
export function formatValue(value: Value): string {
  if (value.type !== 'ref') return `${value.type}:0x${value.bits.toString(16)}`
  return value.value === null ? 'ref:null' : `ref:${typeof value.value}`
}

/** A pattern as a script would spell it, for messages. */
export function formatPattern(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'bits':
      return `${pattern.type}:0x${pattern.bits.toString(16)}`
    case 'nan':
      return `${pattern.type}:nan:${pattern.isCanonical ? 'canonical' : 'arithmetic'}`
    case 'lanes':
      return `v128:[${pattern.lanes.map(formatPattern).join(' ')}]`
    case 'ref':
      return `ref.${pattern.heap}`
    case 'either':
      return `either ${pattern.patterns.map(formatPattern).join(' or ')}`
  }
}
