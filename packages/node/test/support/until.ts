import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'

const WAIT_MS_MAX = 10_000

/** Lets the event loop turn until `condition` holds; what is waited for comes over real sockets. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS_MAX
  while (!condition()) {
    assert.ok(performance.now() < deadlineMs, `still waiting until ${what}`)
    await turn()
  }
}
