/**
 * A value that is there, or will be.
 *
 * Host functions answer at once where they can, which costs a tenth of a microsecond, and with a promise only where the
 * host process must be asked: the guest then gives up its stack (JSPI) and its thread.
 */
export type Awaitable<T> = T | Promise<T>

/** Calls `next` with the value: now if it is there, else when it comes. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
