import type { Bits } from './float-interpret.ts'

const CANONICAL_F32 = 0x7fc00000
const CANONICAL_F64 = 0x7ff8000000000000n

interface Lanes {
  readonly size: 4 | 8
  read(bits: Bits, at: number): number
  /** writes a result, which is canonical if it is a NaN */
  write(bits: Bits, at: number, value: number): void
}

const viewOf = (bits: Bits): DataView => new DataView(bits.buffer, bits.byteOffset, bits.byteLength)
const F32: Lanes = {
  size: 4,
  read: (bits, at) => viewOf(bits).getFloat32(at, true),
  write: (bits, at, value) => {
    if (Number.isNaN(value)) viewOf(bits).setUint32(at, CANONICAL_F32, true)
    else viewOf(bits).setFloat32(at, value, true)
  },
}
const F64: Lanes = {
  size: 8,
  read: (bits, at) => viewOf(bits).getFloat64(at, true),
  write: (bits, at, value) => {
    if (Number.isNaN(value)) viewOf(bits).setBigUint64(at, CANONICAL_F64, true)
    else viewOf(bits).setFloat64(at, value, true)
  },
}
const LANES: Readonly<Record<string, Lanes>> = { f32: F32, f64: F64, f32x4: F32, f64x2: F64 }

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  sqrt: (a) => Math.sqrt(a),
  ceil: (a) => Math.ceil(a),
  floor: (a) => Math.floor(a),
  trunc: (a) => Math.trunc(a),
  nearest: (a) => nearest(a),
}
const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  ge: (a, b) => a >= b,
}

function nearest(value: number): number {
  const low = Math.floor(value)
  const rest = value - low
  if (!Number.isFinite(value) || rest === 0) return value
  const rounded = rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1
  return rounded === 0 && value < 0 ? -0 : rounded
}

/** Applies an instruction without immediates other than a lane or a constant. */
export function applyFloat(op: string, text: string, operands: readonly Bits[]): Bits {
  const [type, name] = op.split('.') as [string, string]
  const [first, second] = operands as [Bits, Bits]
  if (name === 'const') return constant(type, text)
  if (type === 'v128') return op === 'v128.xor' ? mapBytes(first, second, (a, b) => a ^ b) : bitselect(operands)
  if (type === 'i32' || type === 'i32x4') return integer(op, text, operands)
  const lanes = LANES[type] as Lanes
  const size = type.includes('x') ? 16 : lanes.size
  const lane = Number(text) * lanes.size
  switch (name) {
    case 'splat':
      return Uint8Array.from({ length: 16 }, (_, index) => first[index % lanes.size] as number)
    case 'extract_lane':
      return first.slice(lane, lane + lanes.size)
    case 'replace_lane': {
      const out = first.slice()
      out.set(second, lane)
      return out
    }
    case 'convert_i32_s':
      return mapLanes(lanes, size, () => viewOf(first).getInt32(0, true))
    case 'promote_f32':
    case 'promote_low_f32x4':
      return mapLanes(F64, size, (at) => F32.read(first, at / 2))
    case 'demote_f64':
    case 'demote_f64x2_zero':
      return mapLanes(F32, size, (at) => (at < 8 ? Math.fround(F64.read(first, at * 2)) : 0))
    default:
      return byLane(name, lanes, size, first, second)
  }
}

function byLane(name: string, lanes: Lanes, size: number, first: Bits, second: Bits): Bits {
  const arithmetic = ARITHMETIC[name]
  if (arithmetic !== undefined) {
    return mapLanes(lanes, size, (at) => {
      const value = arithmetic(lanes.read(first, at), second === undefined ? 0 : lanes.read(second, at))
      return lanes === F32 ? Math.fround(value) : value
    })
  }
  const compare = COMPARISONS[name]
  if (compare !== undefined && size < 16) return int32(compare(lanes.read(first, 0), lanes.read(second, 0)) ? 1 : 0)
  const out = first.slice()
  for (let at = 0; at < size; at += lanes.size) {
    const sign = at + lanes.size - 1
    const byte = first[sign] as number
    const [a, b] = [lanes.read(first, at), second === undefined ? 0 : lanes.read(second, at)]
    const takesSecond = (name === 'pmin' && b < a) || (name === 'pmax' && a < b)
    if (compare !== undefined) out.fill(compare(a, b) ? 0xff : 0, at, at + lanes.size)
    else if (name === 'abs') out[sign] = byte & 0x7f
    else if (name === 'neg') out[sign] = byte ^ 0x80
    else if (name === 'copysign') out[sign] = (byte & 0x7f) | ((second[sign] as number) & 0x80)
    else if (takesSecond) out.set(second.subarray(at, at + lanes.size), at)
  }
  return out
}

function mapLanes(lanes: Lanes, size: number, value: (at: number) => number): Bits {
  const out = new Uint8Array(size)
  for (let at = 0; at < size; at += lanes.size) lanes.write(out, at, value(at))
  return out
}

function mapBytes(left: Bits, right: Bits, value: (a: number, b: number) => number): Bits {
  return left.map((byte, index) => value(byte, right[index] as number))
}

function bitselect([left, right, mask]: readonly Bits[]): Bits {
  const chosen = mapBytes(left as Bits, mask as Bits, (a, b) => a & b)
  const others = mapBytes(right as Bits, mask as Bits, (a, b) => a & ~b)
  return mapBytes(chosen, others, (a, b) => a | b)
}

function integer(op: string, text: string, [first, second]: readonly Bits[]): Bits {
  const left = first as Bits
  const number = (bits: Bits): number => viewOf(bits).getUint32(0, true)
  switch (op) {
    case 'i32.reinterpret_f32':
      return left
    case 'i32x4.extract_lane':
      return left.slice(4 * Number(text), 4 * Number(text) + 4)
    case 'i32.add':
      return int32(number(left) + number(second as Bits))
    case 'i32.lt_u':
      return int32(number(left) < number(second as Bits) ? 1 : 0)
    default: {
      const value = op.includes('f32') ? F32.read(left, 0) : F64.read(left, 0)
      return int32(Number.isNaN(value) ? 0 : Math.trunc(Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1)))
    }
  }
}

function int32(value: number): Bits {
  return new Uint8Array(Int32Array.of(value).buffer)
}

/** A constant of the text format, of those that the generator writes. */
function constant(type: string, text: string): Bits {
  if (type === 'i32') return int32(Number(text))
  if (type !== 'v128') return floatConstant(type, text)
  const [shape, ...lanes] = text.split(' ') as [string, ...string[]]
  const parts = lanes.map((lane) => {
    if (shape.startsWith('f')) return floatConstant(shape.slice(0, 3), lane)
    const size = shape === 'i64x2' ? 8 : 4
    const out = new Uint8Array(8)
    viewOf(out).setBigInt64(0, BigInt(lane), true)
    return out.slice(0, size)
  })
  const out = new Uint8Array(16)
  for (const [index, part] of parts.entries()) out.set(part, index * part.length)
  return out
}

function floatConstant(type: string, text: string): Bits {
  const size = type === 'f32' ? 4 : 8
  const out = new Uint8Array(size)
  const nan = /^(-?)nan(?::(.*))?$/.exec(text)
  if (nan === null) {
    const value = text.endsWith('inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text)
    ;(LANES[type] as Lanes).write(out, 0, value)
    return out
  }
  const payload = nan[2] === undefined ? undefined : BigInt(nan[2])
  const sign = nan[1] === '-' ? 1n : 0n
  if (size === 4) viewOf(out).setUint32(0, Number((sign << 31n) | 0x7f800000n | (payload ?? 0x400000n)), true)
  else viewOf(out).setBigUint64(0, (sign << 63n) | 0x7ff0000000000000n | (payload ?? 0x8000000000000n), true)
  return out
}
