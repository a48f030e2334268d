import { type Awaitable, andThen } from '../awaitable.ts'
import type { Guest } from '../guest/guest.ts'
import { SUBSCRIPTION_FUEL, SUBSCRIPTIONS_MAX } from '../limits.ts'
import { RIGHT } from './descriptors/rights.ts'
import { ERRNO, type Errno } from './errno.ts'
import type { HostFunctions } from './host-function.ts'
import { FD_READ, FD_WRITE, HANGUP, type HostSubscription, type PollEvent, pollHost } from './poll-host.ts'
import { askNow, askSleep } from './real-clock.ts'
import type { Snapshot } from './structures.ts'

const EVENT_SIZE = 32
const CLOCK = 0
const MONOTONIC = 1
const THREAD_CPU = 3
const ABSOLUTE = 1

/** Offsets inside a subscription; the unstable snapshot has a clock identifier before the clock's fields. */
interface Layout {
  readonly size: number
  readonly clock: number
  readonly timeout: number
  readonly flags: number
}
const LAYOUTS: Readonly<Record<Snapshot, Layout>> = {
  snapshot: { size: 48, clock: 16, timeout: 24, flags: 40 },
  unstable: { size: 56, clock: 24, timeout: 32, flags: 48 },
}

/**
 * `poll_oneoff`: sleeping moves the guest's clock on and takes no time; only streams of the host are waited for, and, in a
 * run with the machine's clock, time itself.
 */
export function pollFunctions(guest: Guest, snapshot: Snapshot): HostFunctions {
  const layout = LAYOUTS[snapshot]
  return {
    poll_oneoff: (subscriptions: number, events: number, count: number, result: number) =>
      poll(guest, layout, { in: subscriptions >>> 0, out: events >>> 0, count: count >>> 0, result: result >>> 0 }),
  }
}

interface Call {
  readonly in: number
  readonly out: number
  readonly count: number
  readonly result: number
}

function poll(guest: Guest, layout: Layout, call: Call): Awaitable<Errno> {
  if (call.count === 0 || call.count > SUBSCRIPTIONS_MAX) return ERRNO.inval
  const { memory } = guest
  const isInside =
    memory.has(call.in, call.count * layout.size) &&
    memory.has(call.out, call.count * EVENT_SIZE) &&
    memory.has(call.result, 4)
  if (!isInside) return ERRNO.fault
  guest.charge(call.count * SUBSCRIPTION_FUEL)
  return andThen(nowOf(guest, layout, call), (now) => {
    const { ready, clocks, waiting } = readSubscriptions(guest, layout, call, now)
    const waitNs = ready.length > 0 ? 0n : leastOf(clocks)
    if (waiting.length > 0) {
      return pollHost(guest, waiting, waitNs).then((found) => tell(guest, call, [...ready, ...found], clocks))
    }
    const slept = guest.hasRealClock ? askSleep(guest, waitNs ?? 0n) : undefined
    return andThen(slept, () => tell(guest, call, ready, clocks))
  })
}

/** Reads a clock for the subscriptions that name a moment of it. */
type Now = (clock: number) => bigint

/** The machine's clocks are asked once before the subscriptions are read, and only if one of them names a moment. */
function nowOf(guest: Guest, layout: Layout, call: Call): Awaitable<Now> {
  if (!guest.hasRealClock || !hasMoment(guest, layout, call)) return () => guest.nowNs
  return askNow(guest, false).then(async (realtimeNs) => {
    const monotonicNs = await askNow(guest, true)
    return (clock) => (clock === MONOTONIC ? monotonicNs : realtimeNs)
  })
}

function hasMoment(guest: Guest, layout: Layout, call: Call): boolean {
  const { view } = guest.memory
  for (let index = 0; index < call.count; index++) {
    const at = call.in + index * layout.size
    if (view.getUint8(at + 8) === CLOCK && (view.getUint16(at + layout.flags, true) & ABSOLUTE) !== 0) return true
  }
  return false
}

/** Writes the events there are, or those of the clocks that come first. */
function tell(guest: Guest, call: Call, ready: readonly PollEvent[], clocks: readonly Timer[]): Errno {
  const events = ready.length > 0 ? [...ready, ...expired(clocks, 0n)] : sleepUntilFirst(guest, clocks)
  const { memory } = guest
  const view = memory.view
  memory.bytes.fill(0, call.out, call.out + events.length * EVENT_SIZE)
  for (const [index, event] of events.entries()) {
    const at = call.out + index * EVENT_SIZE
    view.setBigUint64(at, event.userdata, true)
    view.setUint16(at + 8, event.error, true)
    view.setUint8(at + 10, event.type)
    view.setBigUint64(at + 16, BigInt(event.size), true)
    view.setUint16(at + 24, event.flags, true)
  }
  view.setUint32(call.result, events.length, true)
  return ERRNO.success
}

interface Timer {
  readonly userdata: bigint
  /** Nanoseconds from now, `>= 0`. */
  readonly waitNs: bigint
}

/** Subscriptions by what they take: nothing, time, or a word from the host. */
interface Subscriptions {
  readonly ready: PollEvent[]
  readonly clocks: Timer[]
  readonly waiting: HostSubscription[]
}

function readSubscriptions(guest: Guest, layout: Layout, call: Call, now: Now): Subscriptions {
  const view = guest.memory.view
  const ready: PollEvent[] = []
  const waiting: HostSubscription[] = []
  const clocks: Timer[] = []
  for (let index = 0; index < call.count; index++) {
    const at = call.in + index * layout.size
    const userdata = view.getBigUint64(at, true)
    const type = view.getUint8(at + 8)
    if (type === FD_READ || type === FD_WRITE) {
      const event = streamEvent(guest, userdata, type, view.getUint32(at + 16, true))
      if ('handle' in event) waiting.push(event)
      else ready.push(event)
      continue
    }
    const clock = view.getUint32(at + layout.clock, true)
    if (type !== CLOCK || clock > THREAD_CPU) {
      ready.push({ userdata, error: ERRNO.inval, type, size: 0, flags: 0 })
      continue
    }
    const timeoutNs = view.getBigUint64(at + layout.timeout, true)
    const isAbsolute = (view.getUint16(at + layout.flags, true) & ABSOLUTE) !== 0
    const waitNs = isAbsolute ? timeoutNs - now(clock) : timeoutNs
    clocks.push({ userdata, waitNs: waitNs < 0n ? 0n : waitNs })
  }
  return { ready, clocks, waiting }
}

function streamEvent(guest: Guest, userdata: bigint, type: number, number: number): PollEvent | HostSubscription {
  const event = { userdata, type, size: 0, flags: 0 }
  const descriptor = guest.descriptors.find(number)
  if (descriptor === undefined || descriptor.target.kind === 'directory') return { ...event, error: ERRNO.badf }
  const needed = type === FD_READ ? RIGHT.fdRead : RIGHT.fdWrite
  if ((descriptor.rights.base & needed) === 0n) return { ...event, error: ERRNO.notcapable }
  const { target } = descriptor
  if (target.kind === 'stream' && target.hostHandle !== undefined) return { userdata, type, handle: target.hostHandle }
  if (type === FD_WRITE) return { ...event, error: ERRNO.success }
  const size = target.kind === 'stream' ? target.available?.() : undefined
  // where only reading can tell, there may be a byte
  return { ...event, error: ERRNO.success, size: size ?? 1, flags: size === 0 ? HANGUP : 0 }
}

function sleepUntilFirst(guest: Guest, clocks: readonly Timer[]): PollEvent[] {
  const waitNs = leastOf(clocks) ?? 0n
  guest.sleep(waitNs)
  return expired(clocks, waitNs)
}

function leastOf(clocks: readonly Timer[]): bigint | undefined {
  return clocks.reduce<bigint | undefined>(
    (least, { waitNs }) => (least === undefined || waitNs < least ? waitNs : least),
    undefined,
  )
}

function expired(clocks: readonly Timer[], elapsedNs: bigint): PollEvent[] {
  return clocks
    .filter(({ waitNs }) => waitNs <= elapsedNs)
    .map(({ userdata }) => ({ userdata, error: ERRNO.success, type: CLOCK, size: 0, flags: 0 }))
}
