import { ByteWriter } from '../binary/byte-writer.ts'
import { I32, I64 } from '../binary/value-type.ts'
import { OP } from '../code/opcodes.ts'
import type { CodeScan } from '../code/scan-code.ts'
import type { FunctionType, MemoryType, Module } from '../module.ts'
import { GROW_PAGE_FUEL } from './cost.ts'
import { MODE, type Plan } from './plan.ts'
import { STATUS } from './status.ts'

const EMPTY_BLOCK = 0x40
const MEMORY_0 = 0

/**
 * The function that stands at the index of a moved body: it has the type that the module gave it, takes fuel and depth
 * from the globals, calls the body and puts them back.
 *
 * @returns its bytes without the size
 */
export function thunkBody(module: Module, scan: CodeScan, plan: Plan, index: number): Uint8Array {
  const writer = new ByteWriter(64)
  const functionIndex = module.importedFunctionCount + index
  const type = module.types[module.functionTypes[functionIndex] as number] as FunctionType
  const isConstant = plan.modes[index] === MODE.CONSTANT
  const hasDepth = !isConstant && plan.leaves[index] === 0
  const depthLocal = type.params.length
  writer.u32(hasDepth ? 1 : 0)
  if (hasDepth) {
    writer.u32(1)
    writer.byte(I64)
  }
  const op = (opcode: number, immediate: number): void => {
    writer.byte(opcode)
    writer.u32(immediate)
  }
  for (let param = 0; param < type.params.length; param++) op(OP.LOCAL_GET, param)
  if (hasDepth) {
    op(OP.GLOBAL_GET, plan.depthGlobal)
    op(OP.LOCAL_TEE, depthLocal)
    writer.byte(OP.I64_CONST)
    writer.s32(1) // this frame
    writer.byte(OP.I64_SUB)
  }
  if (!isConstant) op(OP.GLOBAL_GET, plan.fuelGlobal)
  op(OP.CALL, plan.targets[functionIndex] as number)
  if (isConstant) {
    op(OP.GLOBAL_GET, plan.fuelGlobal)
    writer.byte(OP.I64_CONST)
    writer.s32(scan.straightFuel[index] as number)
    writer.byte(OP.I64_SUB)
  }
  op(OP.GLOBAL_SET, plan.fuelGlobal)
  if (hasDepth) {
    op(OP.LOCAL_GET, depthLocal)
    op(OP.GLOBAL_SET, plan.depthGlobal)
  }
  writer.byte(OP.END)
  return writer.view()
}

/**
 * The function that stands for `memory.grow`: refuses what is over the maximum, charges the rest before it grows, and
 * ends the run if the host then has no memory, because such a run would say nothing about the guest.
 *
 * @param pagesMax - the capped maximum
 * @returns its bytes without the size; `(delta: i32) -> (pages before, or -1: i32)`
 */
export function growBody(memory: MemoryType, pagesMax: number, plan: Plan): Uint8Array {
  const writer = new GrowWriter(plan)
  writer.u32(1)
  writer.u32(1)
  writer.byte(I32)
  writer.ifOver(pagesMax)
  if (pagesMax < memory.pagesMax) {
    writer.ifOver(memory.pagesMax)
    writer.byte(OP.ELSE)
    writer.op(OP.GLOBAL_GET, plan.statusGlobal)
    writer.const32(STATUS.GROW_REFUSED)
    writer.byte(OP.I32_OR)
    writer.op(OP.GLOBAL_SET, plan.statusGlobal)
    writer.byte(OP.END)
  }
  writer.const32(-1)
  writer.byte(OP.RETURN)
  writer.byte(OP.END)
  writer.charge(OP.I64_SUB)
  writer.op(OP.GLOBAL_GET, plan.fuelGlobal)
  writer.byte(OP.I64_CONST)
  writer.byte(0)
  writer.byte(OP.I64_LT_S)
  writer.op(OP.IF, EMPTY_BLOCK)
  writer.stop(STATUS.OUT_OF_FUEL)
  writer.op(OP.LOCAL_GET, 0)
  writer.op(OP.MEMORY_GROW, MEMORY_0)
  writer.op(OP.LOCAL_TEE, 1)
  writer.const32(-1)
  writer.byte(OP.I32_EQ)
  writer.op(OP.IF, EMPTY_BLOCK)
  if (memory.isShared) writer.refuseAgain(pagesMax)
  writer.stop(STATUS.HOST_MEMORY)
  writer.op(OP.LOCAL_GET, 1)
  writer.byte(OP.END)
  return writer.view()
}

/** The parts of {@link growBody}; local 0 is the number of pages to add. */
class GrowWriter extends ByteWriter {
  readonly #plan: Plan

  constructor(plan: Plan) {
    super(128)
    this.#plan = plan
  }

  op(opcode: number, immediate: number): void {
    this.byte(opcode)
    this.u32(immediate)
  }

  const32(value: number): void {
    this.byte(OP.I32_CONST)
    this.s32(value)
  }

  /** Begins an `if` for more than `pages` in all. */
  ifOver(pages: number): void {
    this.op(OP.LOCAL_GET, 0)
    this.const32(pages)
    this.op(OP.MEMORY_SIZE, MEMORY_0)
    this.byte(OP.I32_SUB)
    this.byte(OP.I32_GT_U)
    this.op(OP.IF, EMPTY_BLOCK)
  }

  /** Takes the fuel of the growth, or with `i64.add` gives it back. */
  charge(operator: number): void {
    this.op(OP.GLOBAL_GET, this.#plan.fuelGlobal)
    this.op(OP.LOCAL_GET, 0)
    this.byte(OP.I64_EXTEND_I32_U)
    this.byte(OP.I64_CONST)
    this.s32(GROW_PAGE_FUEL)
    this.byte(OP.I64_MUL)
    this.byte(operator)
    this.op(OP.GLOBAL_SET, this.#plan.fuelGlobal)
  }

  /** Ends the run, and the `if` that found the reason. */
  stop(status: number): void {
    this.const32(status)
    this.op(OP.GLOBAL_SET, this.#plan.statusGlobal)
    this.byte(OP.UNREACHABLE)
    this.byte(OP.END)
  }

  /** If another thread took the pages after the test for the maximum, gives the fuel back and makes that test again. */
  refuseAgain(pagesMax: number): void {
    this.ifOver(pagesMax)
    this.charge(OP.I64_ADD)
    this.op(OP.LOCAL_GET, 0)
    this.op(OP.CALL, this.#plan.growFunction as number)
    this.byte(OP.RETURN)
    this.byte(OP.END)
  }
}
