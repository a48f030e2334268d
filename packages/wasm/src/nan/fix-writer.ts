import type { ByteWriter } from '../binary/byte-writer.ts'
import { OP } from '../code/opcodes.ts'
import type { Module } from '../module.ts'
import { BodyAnalyser } from './analyse-body.ts'
import { KIND } from './float-effects.ts'
import { type Fixes, NO_FIXES, ON_STACK, VECTOR } from './value-graph.ts'

const EMPTY_BLOCK = 0x40
const V128_CONST = 0x0c
const V128_BITSELECT = 0x52
const VECTOR_SIZE = 16
const NONE = -1

/** How values of one shape are held, compared and replaced. */
interface Shape {
  readonly type: number
  /** compares a value with itself, lane by lane: a NaN is neither equal to itself nor in any order with it */
  readonly compare: readonly number[]
  /** turns that into an i32 that is 0 unless there is a NaN */
  readonly test: readonly number[]
  /** pushes the canonical NaN, in each lane */
  readonly canonical: readonly number[]
}

const NAN_F32: readonly number[] = [0x00, 0x00, 0xc0, 0x7f]
const NAN_F64: readonly number[] = [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f]
const V128_TYPE = 0x7b
// The engine jumps once after `ge`, and twice after `ne`, whose unordered case is one of its own: 1.55x instead of 1.65x in
// a loop that adds arrays. `bitmask` instead of `any_true` makes it 1.4x instead of 1.7x for vectors.
const F32_GE = 0x60
const F64_GE = 0x66
const F32X4_NE = 0x42
const F64X2_NE = 0x48
const I32X4_BITMASK: readonly number[] = [0xa4, 0x01]
const I64X2_BITMASK: readonly number[] = [0xc4, 0x01]
const SHAPES: Readonly<Record<number, Shape>> = {
  [KIND.MADE_F32]: { type: 0x7d, compare: [F32_GE], test: [OP.I32_EQZ], canonical: [0x43, ...NAN_F32] },
  [KIND.MADE_F64]: { type: 0x7c, compare: [F64_GE], test: [OP.I32_EQZ], canonical: [0x44, ...NAN_F64] },
  [KIND.MADE_F32 | VECTOR]: {
    type: V128_TYPE,
    compare: [OP.SIMD, F32X4_NE],
    test: [OP.SIMD, ...I32X4_BITMASK],
    canonical: vectorOf(NAN_F32),
  },
  [KIND.MADE_F64 | VECTOR]: {
    type: V128_TYPE,
    compare: [OP.SIMD, F64X2_NE],
    test: [OP.SIMD, ...I64X2_BITMASK],
    canonical: vectorOf(NAN_F64),
  },
}

/** Finds in one body after the other where NaNs have to be made canonical, and writes there what does that. */
export class FixWriter {
  readonly #writer: ByteWriter
  readonly #unlikely: number[]
  readonly #analyser: BodyAnalyser
  #fixes: Fixes = NO_FIXES
  #next = 0
  /** offset in the module of the instruction before which something has to be written next; none if negative */
  nextOffset: number = NONE
  /** types of the locals that values on the stack pass through, and the first of these locals */
  readonly #types: number[] = []
  #firstLocal = 0
  #shiftFrom = 0
  #shift = 0

  /** @param unlikely - gets the offset of each branch that only a NaN takes */
  constructor(module: Module, writer: ByteWriter, unlikely: number[]) {
    this.#writer = writer
    this.#unlikely = unlikely
    this.#analyser = new BodyAnalyser(module)
  }

  /** Begins with a defined function; `makesNan` is false if there is nothing to look for. */
  analyse(index: number, makesNan: boolean): void {
    this.#fixes = makesNan ? this.#analyser.analyse(index) : NO_FIXES
    this.#next = 0
    this.nextOffset = this.#fixes.offsets[0] ?? NONE
  }

  /**
   * Decides which locals the body needs.
   *
   * @param firstLocal - index that they start from
   * @param shiftFrom - locals from here on have moved up by `shift`
   * @returns their number, one per type at the most
   */
  begin(firstLocal: number, shiftFrom: number, shift: number): number {
    this.#firstLocal = firstLocal
    this.#shiftFrom = shiftFrom
    this.#shift = shift
    this.#types.length = 0
    const { shapes, locals } = this.#fixes
    for (let index = 0; index < shapes.length; index++) {
      const { type } = SHAPES[shapes[index] as number] as Shape
      if (locals[index] === ON_STACK && !this.#types.includes(type)) this.#types.push(type)
    }
    return this.#types.length
  }

  /** Declares these locals, each a group of its own. */
  declare(): void {
    for (const type of this.#types) {
      this.#writer.byte(1)
      this.#writer.byte(type)
    }
  }

  /** Writes what belongs to {@link nextOffset}. */
  writeNext(): void {
    const { offsets, shapes, locals } = this.#fixes
    const index = this.#next++
    this.nextOffset = offsets[this.#next] ?? NONE
    const local = locals[index] as number
    this.#write(shapes[index] as number, local >= this.#shiftFrom ? local + this.#shift : local)
  }

  /** Makes the value in a local canonical, or the one on top of the stack. */
  #write(shapeCode: number, local: number): void {
    const shape = SHAPES[shapeCode] as Shape
    const isOnStack = local === ON_STACK
    const slot = isOnStack ? this.#firstLocal + this.#types.indexOf(shape.type) : local
    this.#op(isOnStack ? OP.LOCAL_TEE : OP.LOCAL_GET, slot)
    this.#op(OP.LOCAL_GET, slot)
    this.#bytes(shape.compare)
    this.#bytes(shape.test)
    this.#unlikely.push(this.#writer.size)
    this.#bytes([OP.IF, EMPTY_BLOCK])
    this.#bytes(shape.canonical)
    if ((shapeCode & VECTOR) !== 0) this.#chooseLanes(shape, slot)
    this.#op(OP.LOCAL_SET, slot)
    this.#writer.byte(OP.END)
    if (isOnStack) this.#op(OP.LOCAL_GET, slot)
  }

  /** Replaces the canonical vector on the stack by one that has its lanes only where the local holds a NaN. */
  #chooseLanes(shape: Shape, slot: number): void {
    this.#op(OP.LOCAL_GET, slot)
    this.#op(OP.LOCAL_GET, slot)
    this.#op(OP.LOCAL_GET, slot)
    this.#bytes(shape.compare)
    this.#bytes([OP.SIMD, V128_BITSELECT])
  }

  #op(opcode: number, immediate: number): void {
    this.#writer.byte(opcode)
    this.#writer.u32(immediate)
  }

  #bytes(values: readonly number[]): void {
    for (const value of values) this.#writer.byte(value)
  }
}

function vectorOf(lane: readonly number[]): number[] {
  const bytes = Array.from({ length: VECTOR_SIZE }, (_, index) => lane[index % lane.length] as number)
  return [OP.SIMD, V128_CONST, ...bytes]
}
