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
  const writer = new ByteWriter(128)
  const op = (opcode: number, immediate: number): void => {
    writer.byte(opcode)
    writer.u32(immediate)
  }
  const const32 = (value: number): void => {
    writer.byte(OP.I32_CONST)
    writer.s32(value)
  }
  const stop = (status: number): void => {
    const32(status)
    op(OP.GLOBAL_SET, plan.statusGlobal)
    writer.byte(OP.UNREACHABLE)
    writer.byte(OP.END)
  }
  const isOver = (pages: number): void => {
    op(OP.LOCAL_GET, 0)
    const32(pages)
    op(OP.MEMORY_SIZE, MEMORY_0)
    writer.byte(OP.I32_SUB)
    writer.byte(OP.I32_GT_U)
    op(OP.IF, EMPTY_BLOCK)
  }
  writer.u32(1)
  writer.u32(1)
  writer.byte(I32)
  isOver(pagesMax)
  if (pagesMax < memory.pagesMax) {
    isOver(memory.pagesMax)
    writer.byte(OP.ELSE)
    op(OP.GLOBAL_GET, plan.statusGlobal)
    const32(STATUS.GROW_REFUSED)
    writer.byte(OP.I32_OR)
    op(OP.GLOBAL_SET, plan.statusGlobal)
    writer.byte(OP.END)
  }
  const32(-1)
  writer.byte(OP.RETURN)
  writer.byte(OP.END)
  op(OP.GLOBAL_GET, plan.fuelGlobal)
  op(OP.LOCAL_GET, 0)
  writer.byte(OP.I64_EXTEND_I32_U)
  writer.byte(OP.I64_CONST)
  writer.s32(GROW_PAGE_FUEL)
  writer.byte(OP.I64_MUL)
  writer.byte(OP.I64_SUB)
  op(OP.GLOBAL_SET, plan.fuelGlobal)
  op(OP.GLOBAL_GET, plan.fuelGlobal)
  writer.byte(OP.I64_CONST)
  writer.byte(0)
  writer.byte(OP.I64_LT_S)
  op(OP.IF, EMPTY_BLOCK)
  stop(STATUS.OUT_OF_FUEL)
  op(OP.LOCAL_GET, 0)
  op(OP.MEMORY_GROW, MEMORY_0)
  op(OP.LOCAL_TEE, 1)
  const32(-1)
  writer.byte(OP.I32_EQ)
  op(OP.IF, EMPTY_BLOCK)
  stop(STATUS.HOST_MEMORY)
  op(OP.LOCAL_GET, 1)
  writer.byte(OP.END)
  return writer.view()
}
