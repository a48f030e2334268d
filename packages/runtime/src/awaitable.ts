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

/** A computation that yields what it waits for and is handed the value. */
export type Steps<T> = Generator<Awaitable<unknown>, T, unknown>

/** Runs steps: at once for as long as nothing has to be waited for. An error is thrown into the steps. */
export function runSteps<T>(steps: Steps<T>): Awaitable<T> {
  let step = steps.next()
  while (step.done !== true) {
    const value = step.value
    if (value instanceof Promise) return continueSteps(steps, value)
    step = steps.next(value)
  }
  return step.value
}

async function continueSteps<T>(steps: Steps<T>, first: Promise<unknown>): Promise<T> {
  let waiting: Awaitable<unknown> = first
  for (;;) {
    let step: IteratorResult<Awaitable<unknown>, T>
    try {
      step = steps.next(await waiting)
    } catch (error) {
      step = steps.throw(error)
    }
    if (step.done === true) return step.value
    waiting = step.value
  }
}
