import type { Clock } from '@blockless/core'
import { answered, type HostAnswer, type HostCall } from '../../host-call/host-call.ts'
import type { HostSession } from '../../host-call/host-family.ts'

const NANOSECONDS_PER_MS = 1_000_000
/** What one call sleeps at most; guests sleep longer in several. */
const SLEEP_MS_MAX = 10_000

/** The calls of one run to the machine's clock; there is nothing to allow, as a run without this clock has another. */
export class ClockSession implements HostSession {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @see HostSession */
  async call({ name, fields }: HostCall, signal: AbortSignal): Promise<HostAnswer> {
    if (name === 'clock.now') {
      // whole milliseconds are kept apart, as a double has no room for nanoseconds since 1970
      const ms = fields['isMonotonic'] === true ? this.#clock.monotonic() : this.#clock.now()
      const whole = Math.floor(ms)
      const rest = Math.floor((ms - whole) * NANOSECONDS_PER_MS)
      return answered({ ns: String(BigInt(whole) * BigInt(NANOSECONDS_PER_MS) + BigInt(rest)) })
    }
    const { ms } = fields
    if (name !== 'clock.sleep' || typeof ms !== 'number' || !(ms >= 0 && ms <= SLEEP_MS_MAX)) {
      throw new TypeError(`Cannot serve "${name}": it is no call that the guest's side makes`)
    }
    await this.#clock.sleep(ms, signal)
    return answered()
  }

  /** @see HostSession */
  async close(): Promise<void> {}
}
