import type { ByteWriter } from '../binary/byte-writer.ts'
import { OP } from '../code/opcodes.ts'
import type { Emitter } from './emitter.ts'
import type { Plan } from './plan.ts'

/** Entries of the table of hooks: the host sets them before anything runs. */
export const PROFILE_HOOK = {
  /** `(function index: i32, fuel left: f64) -> (frames open before: i32)` */
  ENTER: 0,
  /** `(frames: i32, fuel left: f64) -> ()`: ends all frames but that many */
  UNWIND: 1,
} as const
/** Entries of that table. */
export const PROFILE_HOOKS_COUNT = 2

/** What the profiling rewriting adds to a module. */
export interface ProfilePlan {
  /** index of the table of hooks */
  readonly table: number
  readonly enterType: number
  readonly unwindType: number
}

/**
 * Writes the calls that tell a host which function runs and what fuel is left; nothing unless the plan says so.
 *
 * The number of open frames is kept in a local, so that whoever catches an exception can say which frames it ended.
 * Fuel goes as f64, exact up to 2^53: a hook then costs its host no big integers.
 */
export class ProfileHooks {
  readonly #writer: ByteWriter
  readonly #emit: Emitter
  readonly #plan: ProfilePlan | undefined
  #local = 0

  constructor(writer: ByteWriter, emit: Emitter, plan: Plan) {
    this.#writer = writer
    this.#emit = emit
    this.#plan = plan.profile
  }

  /** Locals of type i32 that each body needs. */
  get localsCount(): number {
    return this.#plan === undefined ? 0 : 1
  }

  /** Begins with a body whose local with this index is for the hooks. */
  begin(local: number): void {
    this.#local = local
  }

  /** Tells that the function begins; its fuel local must be exact here and below. */
  enter(functionIndex: number): void {
    if (this.#plan === undefined) return
    this.#const32(functionIndex)
    this.#call(this.#plan.table, PROFILE_HOOK.ENTER, this.#plan.enterType)
    this.#emit.op(OP.LOCAL_SET, this.#local)
  }

  /** Tells that the function ends. */
  leave(): void {
    if (this.#plan === undefined) return
    this.#emit.op(OP.LOCAL_GET, this.#local)
    this.#call(this.#plan.table, PROFILE_HOOK.UNWIND, this.#plan.unwindType)
  }

  /** Tells that the function runs on where an exception may have ended those it had called. */
  resume(): void {
    if (this.#plan === undefined) return
    this.#emit.op(OP.LOCAL_GET, this.#local)
    this.#const32(1) // this frame
    this.#writer.byte(OP.I32_ADD)
    this.#call(this.#plan.table, PROFILE_HOOK.UNWIND, this.#plan.unwindType)
  }

  #call(table: number, hook: number, type: number): void {
    this.#emit.op(OP.LOCAL_GET, this.#emit.slots.fuel)
    this.#writer.byte(OP.F64_CONVERT_I64_S)
    this.#const32(hook)
    this.#emit.op(OP.CALL_INDIRECT, type)
    this.#writer.u32(table)
  }

  #const32(value: number): void {
    this.#writer.byte(OP.I32_CONST)
    this.#writer.s32(value)
  }
}
