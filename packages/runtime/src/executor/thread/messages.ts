import type { Failure } from '../failure.ts'

/** What the executor's main thread asks of a guest's thread. */
export type GuestTask =
  | {
      readonly kind: 'run'
      readonly id: number
      /** Key of the compiled module; the module itself comes along the first time. */
      readonly key: string
      readonly module?: WebAssembly.Module
      /** Payload of the run's frame, transferred. */
      readonly payload: Uint8Array
    }
  | { readonly kind: 'replay'; readonly id: number; readonly key: string; readonly module?: WebAssembly.Module }
  | { readonly kind: 'forget'; readonly keys: readonly string[] }

/** What a guest's thread answers. */
export type GuestAnswer =
  /** The thread has started and given up its permissions. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly frame: Uint8Array<ArrayBuffer> }
  /** The run trapped, so its exact fuel needs a replay with the module rewritten for that. */
  | { readonly kind: 'trapped' }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** What the executor's main thread asks of the thread that reads modules. */
export interface PrepareTask {
  readonly id: number
  readonly wasm: Uint8Array
  readonly memoryPagesMax: number
  readonly precise: boolean
}

/** What the thread that reads modules answers. */
export type PrepareAnswer =
  | {
      readonly kind: 'prepared'
      readonly id: number
      readonly module: WebAssembly.Module
      readonly memoryPages: number
      readonly info: ModuleFacts
    }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }

/** What is known of a module once it has been read. */
export interface ModuleFacts {
  /** Functions it exports that take no parameters, the possible entries, sorted. */
  readonly entries: readonly string[]
  /** Its imports as `module.name`, sorted. */
  readonly imports: readonly string[]
  /** Pages of 64 KiB its memory starts with; 0 without a memory. */
  readonly memoryPagesMin: number
  /** Pages it would ever ask for by its own account; 0 without a memory. */
  readonly memoryPagesMax: number
  /** Bytes of the module as it was given. */
  readonly size: number
}
