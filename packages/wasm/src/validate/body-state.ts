import { ByteReader, unsupported } from '../binary/byte-reader.ts'
import { isExceptionReference } from '../binary/value-type.ts'
import { BLOCK_EMPTY } from '../code/immediates.ts'
import { OP } from '../code/opcodes.ts'
import type { FunctionType, Module, ModuleFeatures } from '../module.ts'
import { BodyPlace } from './body-place.ts'
import { FrameStack } from './frame-stack.ts'
import { readIndex } from './index-spaces.ts'
import { LocalTypes } from './local-types.ts'
import { OperandStack } from './operand-stack.ts'

const NO_TYPES: readonly number[] = []
/** The two exception proposals, as bits. */
const EXCEPTIONS = { LEGACY: 1, REFERENCES: 2, BOTH: 3 } as const
const LEGACY_OPCODES: ReadonlySet<number> = new Set([OP.TRY, OP.CATCH, OP.CATCH_ALL, OP.RETHROW, OP.DELEGATE])

/** What the parts of the validation of one body after the other share, and what they find out for the rewriting. */
export class BodyState {
  readonly module: Module
  readonly features: ModuleFeatures
  readonly reader: ByteReader
  readonly place: BodyPlace
  readonly operands: OperandStack
  readonly frames: FrameStack = new FrameStack()
  readonly locals: LocalTypes = new LocalTypes()
  readonly called: Uint8Array
  /** `TRAIT` bits of the body */
  traits = 0
  /** fuel of all instructions of the body, each counted once */
  fuel = 0
  /** results of the function */
  results: readonly number[] = NO_TYPES
  labelCount = 0
  /** `MARK` bits by label */
  marks: Uint8Array = new Uint8Array(1024)
  #exceptions = 0
  readonly #singles = new Map<number, readonly number[]>()

  constructor(module: Module, features: ModuleFeatures) {
    this.module = module
    this.features = features
    this.reader = new ByteReader(module.bytes)
    this.place = new BodyPlace(module.bytes)
    this.operands = new OperandStack(this.place)
    this.called = new Uint8Array(module.functionTypes.length)
  }

  /** Starts with the body of a defined function. */
  start(index: number): FunctionType {
    const { module, reader } = this
    const functionIndex = module.importedFunctionCount + index
    const type = module.types[module.functionTypes[functionIndex] as number] as FunctionType
    reader.offset = module.bodies[index * 2] as number
    reader.end = module.bodies[index * 2 + 1] as number
    this.place.functionIndex = functionIndex
    this.place.at = reader.offset
    this.traits = 0
    this.fuel = 0
    this.results = type.resultTypes
    this.operands.reset()
    this.frames.depth = 0
    this.locals.reset(type.paramTypes, reader.end - reader.offset)
    return type
  }

  /** Reads an index and checks that it is below `count`. */
  index(what: string, count: number): number {
    return readIndex(this.reader, what, count, this.place.functionIndex)
  }

  /** The parameters of a block. */
  paramTypes(blockType: number): readonly number[] {
    return blockType < 0 ? NO_TYPES : (this.module.types[blockType] as FunctionType).paramTypes
  }

  /** The results of a block. */
  resultTypes(blockType: number): readonly number[] {
    if (blockType >= 0) return (this.module.types[blockType] as FunctionType).resultTypes
    return blockType === BLOCK_EMPTY ? NO_TYPES : this.#single(-blockType)
  }

  /** Adds a label and returns its position. */
  addLabel(): number {
    if (this.labelCount === this.marks.length) {
      const larger = new Uint8Array(this.marks.length * 2)
      larger.set(this.marks)
      this.marks = larger
    }
    return this.labelCount++
  }

  /** Sets `MARK` bits of a label. */
  mark(label: number, bits: number): void {
    this.marks[label] = (this.marks[label] as number) | bits
  }

  /** Notes that a body names a type. */
  noteType(type: number): void {
    if (isExceptionReference(type)) this.#noteExceptions(EXCEPTIONS.REFERENCES)
  }

  /** Notes an instruction of one of the exception proposals, which the engine does not run in one module. */
  noteException(opcode: number): void {
    this.#noteExceptions(LEGACY_OPCODES.has(opcode) ? EXCEPTIONS.LEGACY : EXCEPTIONS.REFERENCES)
  }

  #noteExceptions(bit: number): void {
    this.#exceptions |= bit
    if (this.#exceptions !== EXCEPTIONS.BOTH) return
    throw unsupported(this.place.at, 'both proposals of exception handling, the legacy one and that with exnref')
  }

  #single(type: number): readonly number[] {
    const known = this.#singles.get(type)
    if (known !== undefined) return known
    const types = [type]
    this.#singles.set(type, types)
    return types
  }
}
