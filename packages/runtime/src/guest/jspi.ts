import type { HostFunction } from '../wasi/host-function.ts'

/** WebAssembly's promise integration, which TypeScript's libraries do not describe yet. */
interface PromiseIntegration {
  /** Wraps a function for a guest: if it answers with a promise, the guest's stack is put aside until that settles. */
  readonly Suspending: new (
    call: HostFunction,
  ) => WebAssembly.ImportValue
  /** An exported function on a stack of its own; whatever the guest waits for, the thread is free. */
  promising(exported: unknown): (...values: readonly number[]) => Promise<unknown>
}

const integration = WebAssembly as unknown as PromiseIntegration
/** @see PromiseIntegration */
export const Suspending: PromiseIntegration['Suspending'] = integration.Suspending
/** @see PromiseIntegration */
export const promising: PromiseIntegration['promising'] = integration.promising
