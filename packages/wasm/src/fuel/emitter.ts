import type { ByteWriter } from '../binary/byte-writer.ts'
import { OP } from '../code/opcodes.ts'
import type { Plan } from './plan.ts'
import { STATUS } from './status.ts'

const EMPTY_BLOCK = 0x40

/** Where one function keeps its fuel and depth; indices of locals. */
export interface Slots {
  readonly fuel: number
  readonly depth: number
  readonly temporary: number
}

/** Writes the instructions that the rewriting inserts; each leaves the operand stack as it found it. */
export class Emitter {
  readonly #writer: ByteWriter
  readonly #plan: Plan
  slots: Slots = { fuel: 0, depth: 0, temporary: 0 }
  /** offsets of the inserted `if`s, none of which is ever taken in a run that goes on */
  readonly checks: number[] = []

  constructor(writer: ByteWriter, plan: Plan) {
    this.#writer = writer
    this.#plan = plan
  }

  /** An instruction with one unsigned immediate. */
  op(opcode: number, immediate: number): void {
    this.#writer.byte(opcode)
    this.#writer.u32(immediate)
  }

  /** `fuel -= amount`; a negative amount gives back what another path to the same place did not use. */
  charge(amount: number): void {
    const writer = this.#writer
    this.op(OP.LOCAL_GET, this.slots.fuel)
    writer.byte(OP.I64_CONST)
    writer.s32(amount)
    writer.byte(OP.I64_SUB)
    this.op(OP.LOCAL_SET, this.slots.fuel)
  }

  /** Fuel from the local to the global. */
  spill(): void {
    this.op(OP.LOCAL_GET, this.slots.fuel)
    this.op(OP.GLOBAL_SET, this.#plan.fuelGlobal)
  }

  /** Fuel from the global to the local. */
  reload(): void {
    this.op(OP.GLOBAL_GET, this.#plan.fuelGlobal)
    this.op(OP.LOCAL_SET, this.slots.fuel)
  }

  /** Ends the run if fuel is below zero. */
  check(): void {
    const writer = this.#writer
    this.op(OP.LOCAL_GET, this.slots.fuel)
    writer.byte(OP.I64_CONST)
    writer.byte(0)
    writer.byte(OP.I64_LT_S)
    this.#stopIf()
  }

  /** Takes `units` of depth for this frame, and ends the run if depth or fuel is below zero. */
  enter(units: number): void {
    const writer = this.#writer
    this.op(OP.LOCAL_GET, this.slots.depth)
    writer.byte(OP.I64_CONST)
    writer.s32(units)
    writer.byte(OP.I64_SUB)
    this.op(OP.LOCAL_TEE, this.slots.depth)
    this.op(OP.LOCAL_GET, this.slots.fuel)
    writer.byte(OP.I64_OR)
    writer.byte(OP.I64_CONST)
    writer.byte(0)
    writer.byte(OP.I64_LT_S)
    this.#unlikelyIf()
    this.spill()
    // Fuel goes first, so that a run without fuel ends the same way at whatever depth it is noticed.
    this.#const32(STATUS.OUT_OF_FUEL)
    this.#const32(STATUS.CALL_DEPTH)
    this.op(OP.LOCAL_GET, this.slots.fuel)
    writer.byte(OP.I64_CONST)
    writer.byte(0)
    writer.byte(OP.I64_LT_S)
    writer.byte(OP.SELECT)
    this.op(OP.GLOBAL_SET, this.#plan.statusGlobal)
    writer.byte(OP.UNREACHABLE)
    writer.byte(OP.END)
  }

  /**
   * Charges `amount` and the size on top of the stack, shifted right by `shift`, and ends the run if that is more than
   * there is, before the operation that follows does its work.
   */
  chargeBulk(amount: number, shift: number): void {
    const writer = this.#writer
    this.op(OP.LOCAL_TEE, this.slots.temporary)
    this.op(OP.LOCAL_GET, this.slots.fuel)
    this.op(OP.LOCAL_GET, this.slots.temporary)
    writer.byte(OP.I64_EXTEND_I32_U)
    writer.byte(OP.I64_CONST)
    writer.s32(shift)
    writer.byte(OP.I64_SHR_U)
    writer.byte(OP.I64_SUB)
    writer.byte(OP.I64_CONST)
    writer.s32(amount)
    writer.byte(OP.I64_SUB)
    this.op(OP.LOCAL_TEE, this.slots.fuel)
    writer.byte(OP.I64_CONST)
    writer.byte(0)
    writer.byte(OP.I64_LT_S)
    this.#stopIf()
  }

  /** This frame's remaining depth to the global, plus `units`, which may be negative. */
  publishDepth(units: number): void {
    this.op(OP.LOCAL_GET, this.slots.depth)
    if (units !== 0) {
      this.#writer.byte(OP.I64_CONST)
      this.#writer.s32(units)
      this.#writer.byte(OP.I64_ADD)
    }
    this.op(OP.GLOBAL_SET, this.#plan.depthGlobal)
  }

  /** Notes that the guest itself gave up, so that the host knows the fuel in the global to be exact. */
  noteUnreachable(): void {
    this.spill()
    this.op(OP.GLOBAL_GET, this.#plan.statusGlobal)
    this.#const32(STATUS.UNREACHABLE)
    this.#writer.byte(OP.I32_OR)
    this.op(OP.GLOBAL_SET, this.#plan.statusGlobal)
  }

  /**
   * In place, and hinted as unlikely: one landing place per function for all checks (`br_if`) made the engine merge the
   * state of all locals there, and cost 1.66x instead of 1.06x in a recursive sort.
   */
  #stopIf(): void {
    this.#unlikelyIf()
    this.spill()
    this.#const32(STATUS.OUT_OF_FUEL)
    this.op(OP.GLOBAL_SET, this.#plan.statusGlobal)
    this.#writer.byte(OP.UNREACHABLE)
    this.#writer.byte(OP.END)
  }

  #unlikelyIf(): void {
    this.checks.push(this.#writer.size)
    this.#writer.byte(OP.IF)
    this.#writer.byte(EMPTY_BLOCK)
  }

  #const32(value: number): void {
    this.#writer.byte(OP.I32_CONST)
    this.#writer.s32(value)
  }
}
