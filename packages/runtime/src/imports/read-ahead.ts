import type { Guest } from '../guest/guest.ts'
import { writeBytes } from './guest-values.ts'

/** Asked for at once: programs read a kilobyte at a time, and a host call costs more than moving 64 of them. */
const AHEAD_SIZE = 65_536
const NO_BYTES: Uint8Array = new Uint8Array()

/** Bodies that the guest reads, by handle: what was fetched and not yet asked for. */
export class ReadAhead {
  readonly #rests = new Map<number, Uint8Array>()

  /**
   * Fills the guest's buffer as far as there are bytes.
   *
   * @param name - the call that fetches, with `handle` and `size`
   * @returns the status of the call, and how many bytes were written; 0 at the end
   */
  async read(
    guest: Guest,
    name: string,
    handle: number,
    buffer: { readonly address: number; readonly size: number },
  ): Promise<{ readonly status: string; readonly count: number }> {
    const count = this.#give(guest, handle, buffer.address, buffer.size)
    const left = buffer.size - count
    if (left === 0) return { status: 'ok', count }
    const answer = await guest.ask(name, { handle, size: Math.max(left, AHEAD_SIZE) })
    // bytes that are there are not lost to an error behind them
    if (answer.status !== 'ok') return { status: count > 0 ? 'ok' : answer.status, count }
    this.#rests.set(handle, answer.bytes)
    return { status: 'ok', count: count + this.#give(guest, handle, buffer.address + count, left) }
  }

  /** Forgets a handle. */
  drop(handle: number): void {
    this.#rests.delete(handle)
  }

  #give(guest: Guest, handle: number, address: number, size: number): number {
    const rest = this.#rests.get(handle) ?? NO_BYTES
    const count = writeBytes(guest, address, size, rest)
    if (count === rest.length) this.#rests.delete(handle)
    else this.#rests.set(handle, rest.subarray(count))
    return count
  }
}
