import type { CompiledProgram, Program } from '../../module/program.ts'
import type { Failure } from '../failure.ts'

/** What the executor's main thread asks of a guest's thread. */
export type GuestTask =
  | {
      readonly kind: 'run'
      readonly id: number
      /** Key of the compiled program; the program itself comes along the first time. */
      readonly key: string
      readonly program?: CompiledProgram
      /** Payload of the run's frame. */
      readonly payload: Uint8Array<ArrayBuffer>
    }
  | { readonly kind: 'replay'; readonly id: number; readonly key: string; readonly program?: CompiledProgram }
  /** The answer to the host call that the run waits for. */
  | { readonly kind: 'answer'; readonly id: number; readonly payload: Uint8Array }
  /** The run waits for an answer and will not get it. */
  | { readonly kind: 'drop'; readonly id: number }
  | { readonly kind: 'forget'; readonly keys: readonly string[] }

/** The tasks that begin or repeat a run. */
export type RunTask = Extract<GuestTask, { kind: 'run' | 'replay' }>

/** What a guest's thread answers. */
export type GuestAnswer =
  /** The thread has started and given up its permissions. */
  | { readonly kind: 'ready' }
  /** The thread has forgotten a run; no code of it runs any more. */
  | { readonly kind: 'dropped'; readonly id: number }
  /** The frame of a host call; its run waits, and the thread is free. */
  | {
      readonly kind: 'call'
      readonly id: number
      readonly frame: Uint8Array<ArrayBuffer>
      /** Of the guest, while it waits. */
      readonly memoryBytes: number
    }
  | { readonly kind: 'done'; readonly id: number; readonly frame: Uint8Array<ArrayBuffer> }
  /**
   * The run trapped, so its exact fuel needs a replay with the program rewritten for that. Until then others may compute on
   * the thread and lose it, so the payload goes back.
   */
  | { readonly kind: 'trapped'; readonly id: number; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }

/** An answer about a run. */
export type RunAnswer = Exclude<GuestAnswer, { kind: 'ready' | 'dropped' }>

/** What the executor's main thread asks of the thread that reads modules. */
export interface PrepareTask {
  readonly id: number
  readonly program: Program
  readonly memoryPagesMax: number
  readonly variant: Variant
}

/** How a program is rewritten: to run, to count exactly where it traps, or to tell beside that where fuel goes. */
export type Variant = 'fast' | 'precise' | 'profile'

/** What the thread that reads modules answers. */
export type PrepareAnswer =
  | {
      readonly kind: 'prepared'
      readonly id: number
      readonly program: CompiledProgram
      readonly memoryPages: number
      readonly info: ModuleFacts
    }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }

/** What is known of a module, or of a program of several, once it has been read. */
export interface ModuleFacts {
  /** Functions it exports that take no parameters, the possible entries, sorted. */
  readonly entries: readonly string[]
  /** What it imports from the host as `module.name`, sorted. */
  readonly imports: readonly string[]
  /** Pages of 64 KiB its memory starts with; 0 without a memory. */
  readonly memoryPagesMin: number
  /** Pages it would ever ask for by its own account; 0 without a memory. */
  readonly memoryPagesMax: number
  /** Bytes of the module as it was given. */
  readonly size: number
}
