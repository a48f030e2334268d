import type { Awaitable } from '../awaitable.ts'

/** Calls by name between the modules of one program, as `blockless.mcall` makes them. */
export interface ModuleCalls {
  /** Bytes of the memories of all modules. */
  readonly memoryBytes: number
  /** Offers a method of the module that computes; `not a module` if that is the program's entry. */
  register(method: string): 'ok' | 'not a module' | 'not a method'
  /**
   * Calls a method that was offered.
   *
   * @param method - `module::method`
   * @param params - copied into the module
   * @param resultSize - bytes that the method may write
   * @returns those bytes; undefined if nobody offers the method
   */
  call(method: string, params: Uint8Array, resultSize: number): Awaitable<Uint8Array> | undefined
}
