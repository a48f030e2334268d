import { Guest } from '../../guest/guest.ts'
import { createGuestImports } from '../../imports/guest-imports.ts'
import { withUnknownImports } from '../../imports/unknown-imports.ts'
import type { CompiledProgram } from '../../module/program.ts'
import { FailureError } from '../failure.ts'
import { EXIT_KIND_CODES } from '../protocol.ts'
import { decodeRunOrder, encodeOutcome, type RunOrder, type RunOutcome } from '../run-frames.ts'
import { createTrap } from './create-trap.ts'
import { Garbage } from './garbage.ts'
import type { RunAnswer, RunTask } from './messages.ts'
import { runGuest } from './run-guest.ts'
import { ThreadLink, type ThreadLinkEvents } from './thread-link.ts'

/** A guest's state with its imports, which are bound to it once and serve one run after the other. */
interface Place {
  readonly guest: Guest
  readonly link: ThreadLink
  /** Made when first needed, by what a run needs of them. */
  readonly imports: Map<string, WebAssembly.Imports>
}

interface ActiveRun {
  readonly place: Place
  readonly order: RunOrder
  /** What the fast rewriting said of a run that trapped. */
  trapped: RunOutcome | undefined
}

/** Idle places that are kept: more than that were needed only while many guests waited at once. */
const IDLE_PLACES_MAX = 8
/** What a dropped run leaves behind at least: its stack and its state. */
const DROPPED_BYTES_MIN = 1_048_576

/** The runs on one thread: one of them computes, the others wait for the world outside. */
export class GuestRuns {
  readonly #events: ThreadLinkEvents
  readonly #programs = new Map<string, CompiledProgram>()
  readonly #active = new Map<number, ActiveRun>()
  readonly #idle: Place[] = []
  readonly #garbage = new Garbage()
  readonly #trap = createTrap()

  constructor(events: ThreadLinkEvents) {
    this.#events = events
  }

  /** Runs a guest, or repeats the run that has just trapped. @returns nothing if the run was dropped meanwhile */
  async run(task: RunTask): Promise<RunAnswer | undefined> {
    if (task.program !== undefined) this.#programs.set(task.key, task.program)
    const program = this.#programs.get(task.key)
    if (program === undefined) return fault(task.id, 'a run named a program its thread does not have')
    try {
      return task.kind === 'run'
        ? await this.#first(task.id, program, task.payload)
        : await this.#again(task.id, program)
    } catch (error) {
      if (!this.#active.has(task.id)) return undefined
      this.#release(task.id)
      if (error instanceof FailureError) return { kind: 'failed', id: task.id, failure: error.failure }
      throw error
    }
  }

  /** Gives a run the answer it waits for. */
  answer(id: number, payload: Uint8Array): void {
    this.#active.get(id)?.place.link.answer(payload)
  }

  /**
   * Forgets a run that waits. V8 keeps the stack of whoever waits for ever, so a trap unwinds it: no handler of the guest
   * sees that, and none of its code runs.
   */
  drop(id: number): void {
    const active = this.#active.get(id)
    if (active === undefined) return
    this.#active.delete(id)
    active.place.link.drop(this.#trap)
    this.#garbage.add(DROPPED_BYTES_MIN + active.place.guest.memoryBytes)
  }

  /** Bytes of the memory of a run's guest. */
  memoryBytesOf(id: number): number {
    return this.#active.get(id)?.place.guest.memoryBytes ?? 0
  }

  /** Clears away what guests left behind, if it is much. */
  tidy(): void {
    this.#garbage.collectIfDue()
  }

  /** Drops compiled programs. */
  forget(keys: readonly string[]): void {
    for (const key of keys) this.#programs.delete(key)
  }

  async #first(id: number, program: CompiledProgram, payload: Uint8Array<ArrayBuffer>): Promise<RunAnswer | undefined> {
    const order = decodeRunOrder(payload)
    const active: ActiveRun = { place: this.#idle.pop() ?? this.#createPlace(), order, trapped: undefined }
    this.#active.set(id, active)
    const { outcome, isExact } = await this.#runIn(id, active, program)
    if (this.#active.get(id) !== active) return undefined
    if (isExact) return this.#done(id, outcome)
    active.trapped = { ...outcome, stdout: outcome.stdout.slice(), stderr: outcome.stderr.slice() }
    return { kind: 'trapped', id, payload }
  }

  /** Runs a trapped run again, counting every instruction; all but the fuel must come out the same. */
  async #again(id: number, program: CompiledProgram): Promise<RunAnswer | undefined> {
    const active = this.#active.get(id)
    if (active?.trapped === undefined) return fault(id, 'a replay was asked for without a run')
    const first = active.trapped
    const { outcome: exact } = await this.#runIn(id, active, program)
    if (this.#active.get(id) !== active) return undefined
    // only the exact count can tell that the fuel ended inside the last block, before the instruction that trapped
    const isOutOfFuel = EXIT_KIND_CODES[exact.exitKind] === 'out-of-fuel'
    const isSame =
      (exact.exitKind === first.exitKind || isOutOfFuel) &&
      Buffer.compare(exact.stdout, first.stdout) === 0 &&
      Buffer.compare(exact.stderr, first.stderr) === 0
    if (isSame) {
      const { instantiateMs, runMs } = first
      return this.#done(id, { ...exact, instantiateMs, runMs: runMs + exact.runMs })
    }
    this.#release(id)
    return fault(id, 'a trapped run came out differently when it was replayed')
  }

  async #runIn(id: number, { place, order }: ActiveRun, program: CompiledProgram): ReturnType<typeof runGuest> {
    place.link.reset(id)
    this.#events.resumed(id)
    const imports = withUnknownImports(importsOf(place, order), place.guest, program.unknownImports)
    return await runGuest(place.guest, imports, program, order)
  }

  #done(id: number, outcome: RunOutcome): RunAnswer {
    const frame = encodeOutcome(id, outcome)
    this.#release(id)
    return { kind: 'done', id, frame }
  }

  #release(id: number): void {
    const active = this.#active.get(id)
    this.#active.delete(id)
    if (active === undefined) return
    this.#garbage.add(active.place.guest.memoryBytes)
    if (this.#idle.length >= IDLE_PLACES_MAX) return
    active.place.guest.release()
    this.#idle.push(active.place)
  }

  #createPlace(): Place {
    const link = new ThreadLink(this.#events)
    return { guest: new Guest(link), link, imports: new Map() }
  }
}

function importsOf({ guest, imports }: Place, { waits, isProfiled }: RunOrder): WebAssembly.Imports {
  const key = `${waits ? 'waiting' : 'direct'}${isProfiled ? ' profiled' : ''}`
  const known = imports.get(key) ?? createGuestImports(guest, waits, isProfiled)
  imports.set(key, known)
  return known
}

function fault(id: number, why: string): RunAnswer {
  return { kind: 'failed', id, failure: { code: 'ERR_EXECUTOR_CRASHED', why } }
}
