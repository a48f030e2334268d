import type { SeededRandom } from './seeded-random.ts'

interface Task {
  readonly atMs: number
  /** Decides among tasks of one moment. */
  readonly tie: number
  readonly run: () => void
}

/** A run that does not come to rest within this many tasks is a loop. */
const TASKS_COUNT_MAX = 1_000_000

/** Runs tasks in simulated time; tasks of one moment run in an order that the seed decides. Synchronous throughout. */
export class SeededScheduler {
  readonly #random: SeededRandom
  readonly #tasks: Task[] = []
  #nowMs = 0

  constructor(components: { readonly random: SeededRandom }) {
    this.#random = components.random
  }

  /** Simulated milliseconds since the start. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Runs `run` after `delayMs`, which is `>= 0`. */
  schedule(delayMs: number, run: () => void): void {
    if (!(delayMs >= 0)) throw new RangeError(`Cannot schedule a task in ${delayMs} ms`)
    const task = { atMs: this.#nowMs + delayMs, tie: this.#random.integer(0, 2 ** 32), run }
    const index = this.#tasks.findLastIndex((other) => isBefore(other, task))
    this.#tasks.splice(index + 1, 0, task)
  }

  /**
   * Runs tasks, and those that they schedule, until none is left or the time is up.
   *
   * @returns how many ran
   * @throws {RangeError} if more than a million run: the simulation does not come to rest
   */
  run(untilMs: number = Number.POSITIVE_INFINITY): number {
    let count = 0
    for (let task = this.#tasks[0]; task !== undefined && task.atMs <= untilMs; task = this.#tasks[0]) {
      if (++count > TASKS_COUNT_MAX) throw new RangeError('Cannot finish the simulation: it does not come to rest')
      this.#tasks.shift()
      this.#nowMs = task.atMs
      task.run()
    }
    if (Number.isFinite(untilMs)) this.#nowMs = Math.max(this.#nowMs, untilMs)
    return count
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.tie <= b.tie)
}
