import { START_EXPORT, STATUS } from '@blockless/wasm'
import { adapt, type Call, readGlobal } from './adapter.ts'
import { createHostModule } from './host-module.ts'
import { Meter } from './meter.ts'
import { ending, type Outcome, refusal, Skip } from './outcome.ts'
import type { Action, Command, ModuleSource } from './parse-script.ts'
import type { Pattern, Value } from './value.ts'
import { type Prepared, prepare, type Variant } from './variant.ts'

/** Bytes of a script's module. @throws {Skip} if its text is not understood */
export type BytesOf = (source: ModuleSource) => Uint8Array<ArrayBuffer>

const REASONS = new Map<number, string>([
  [STATUS.UNREACHABLE, 'unreachable'],
  [STATUS.HOST_MEMORY, 'the host has no memory'],
])

const OUT_OF_FUEL: Outcome = { kind: 'trap', message: 'out of fuel', fuel: undefined }
/** Only a memory that another module made can have a lower maximum than the importing module knows of. */
const FOREIGN_GROWTH = 'modules of a run share no memory: growth over the maximum that another module gave it'

interface Instance {
  readonly source: ModuleSource | undefined
  readonly exports: WebAssembly.Exports
  readonly signatures: ReadonlyMap<string, string>
  readonly calls: Map<string, Call>
}

/** A name of a script: an instance, or why there is none. */
type Slot = Instance | { readonly missing: string }

/** Everything that one run of a script has built up: instances, their names, and what they are registered as. */
export class Realm {
  readonly #variant: Variant
  readonly #bytesOf: BytesOf
  readonly #meter = new Meter()
  readonly #named = new Map<string, Slot>()
  readonly #registered = new Map<string, Slot>()
  readonly #definitions = new Map<string, ModuleSource>()
  #current: Slot = { missing: 'there is no module before it' }
  #lastDefinition: ModuleSource | undefined

  constructor(variant: Variant, bytesOf: BytesOf) {
    this.#variant = variant
    this.#bytesOf = bytesOf
    const spectest = {
      source: undefined,
      exports: createHostModule(),
      signatures: new Map<string, string>(),
      calls: new Map(),
    }
    this.#registered.set('spectest', spectest)
  }

  /** What each rewritten instance used in the last action. */
  get fuelUsed(): readonly bigint[] {
    return this.#meter.used()
  }

  /**
   * Does what a command says, and tells how that ended; whether it should have ended so is for others to say.
   *
   * @param limits - fuel of each rewritten instance for an action, without end if it is left out
   */
  execute(command: Command, limits?: readonly bigint[]): Outcome {
    switch (command.kind) {
      case 'module':
        return this.#keep(command.name, command.source)
      case 'definition':
        return this.#define(command.name, command.source)
      case 'instance': {
        const known = command.definition === undefined ? undefined : this.#definitions.get(command.definition)
        const source = command.definition === undefined ? this.#lastDefinition : known
        if (source === undefined) return { kind: 'skipped', reason: 'its module is not defined' }
        return this.#keep(command.name, source)
      }
      case 'register':
        this.#registered.set(command.as, this.#slot(command.instance))
        return { kind: 'instance' }
      case 'assert_malformed':
      case 'assert_invalid':
        return this.#compile(command.source).outcome
      case 'assert_unlinkable':
      case 'assert_uninstantiable':
        return this.#instantiate(command.source).outcome
      case 'unsupported':
        return { kind: 'skipped', reason: `command "${command.keyword}"` }
      case 'assert_return':
        return this.#act(command.action, command.expected, limits)
      default:
        return this.#act(command.action, [], limits)
    }
  }

  /**
   * Whether an action that returns runs out of fuel with one unit less than it uses. Runs it up to four times, so what the
   * script says of later results holds no more.
   *
   * @returns undefined of what is no action, does not return, or uses another amount each time
   */
  runsShort(command: Command): boolean | undefined {
    const first = this.execute(command)
    if (!('action' in command) || first.kind !== 'values' || first.fuel === 0n) return undefined
    const second = this.execute(command)
    const used = this.#meter.used()
    if (second.kind !== 'values' || second.fuel !== first.fuel) return undefined
    const short = used.findIndex((amount) => amount > 0n)
    const limits = used.map((amount, index) => (index === short ? amount - 1n : amount))
    if (this.execute(command, limits) === OUT_OF_FUEL) return true
    const last = this.execute(command)
    return last.kind === 'values' && last.fuel === first.fuel ? false : undefined
  }

  #keep(name: string | undefined, source: ModuleSource): Outcome {
    const { outcome, instance } = this.#instantiate(source)
    const missing = outcome.kind === 'skipped' ? outcome.reason : 'its module failed'
    this.#current = instance ?? { missing }
    if (name !== undefined) this.#named.set(name, this.#current)
    return outcome
  }

  #define(name: string | undefined, source: ModuleSource): Outcome {
    this.#lastDefinition = source
    if (name !== undefined) this.#definitions.set(name, source)
    return this.#compile(source).outcome
  }

  #compile(source: ModuleSource): { outcome: Outcome; prepared?: Prepared; module?: WebAssembly.Module } {
    try {
      const prepared = prepare(this.#bytesOf(source), this.#variant)
      return { outcome: { kind: 'instance' }, prepared, module: new WebAssembly.Module(prepared.bytes) }
    } catch (error) {
      return { outcome: refusal(error) }
    }
  }

  #instantiate(source: ModuleSource): { outcome: Outcome; instance?: Instance } {
    const { outcome, prepared, module } = this.#compile(source)
    if (prepared === undefined || module === undefined) return { outcome }
    try {
      const { exports } = new WebAssembly.Instance(module, this.#importsOf(module))
      const instance = { source, exports, signatures: prepared.signatures, calls: new Map() }
      if (this.#variant.options === undefined) return { outcome, instance }
      const importsMemory = WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory')
      this.#meter.add(exports, importsMemory)
      this.#meter.refuel()
      const start = exports[START_EXPORT]
      if (typeof start === 'function') start()
      return { outcome, instance }
    } catch (error) {
      return { outcome: this.#ending(error) }
    }
  }

  #importsOf(module: WebAssembly.Module): WebAssembly.Imports {
    const imports: WebAssembly.Imports = {}
    for (const { module: name } of WebAssembly.Module.imports(module)) {
      const slot = this.#registered.get(name)
      if (slot !== undefined && 'missing' in slot) throw new Skip(slot.missing)
      imports[name] = slot?.exports ?? {}
    }
    return imports
  }

  #slot(name: string | undefined): Slot {
    return name === undefined ? this.#current : (this.#named.get(name) ?? { missing: `there is no module ${name}` })
  }

  #act(action: Action, expected: readonly Pattern[], limits?: readonly bigint[]): Outcome {
    const slot = this.#slot(action.instance)
    if ('missing' in slot) return { kind: 'skipped', reason: slot.missing }
    try {
      const call = action.kind === 'get' ? () => get(slot, action, expected) : callOf(slot, action)
      this.#meter.refuel(limits)
      const values = call(action.args)
      if (this.#meter.isExhausted()) return OUT_OF_FUEL
      return { kind: 'values', values, fuel: sum(this.#meter.used()), source: slot.source }
    } catch (error) {
      return this.#ending(error)
    }
  }

  /** How a run ended that threw: the status of whichever instance stopped it says more than the engine does. */
  #ending(error: unknown): Outcome {
    const fuel = sum(this.#meter.used())
    const outcome = ending(error, fuel)
    if (this.#variant.options === undefined || outcome.kind === 'unlinkable') return outcome
    if (this.#meter.isExhausted()) return OUT_OF_FUEL
    if (outcome.kind === 'exhaustion') return { kind: 'trap', message: "the engine's own stack ran out", fuel }
    const stopped = this.#meter.stopped()
    if (outcome.kind !== 'trap' || stopped === undefined) return outcome
    const { reason, importsMemory } = stopped
    if (reason === STATUS.HOST_MEMORY && importsMemory) return { kind: 'skipped', reason: FOREIGN_GROWTH }
    if (reason === STATUS.CALL_DEPTH) return { kind: 'exhaustion', fuel }
    return { kind: 'trap', message: REASONS.get(reason) ?? outcome.message, fuel }
  }
}

function callOf(instance: Instance, { field }: Action): Call {
  const known = instance.calls.get(field)
  if (known !== undefined) return known
  const exported = instance.exports[field]
  const signature = instance.signatures.get(field)
  if (typeof exported !== 'function' || signature === undefined) throw new Skip(`there is no function "${field}"`)
  const call = adapt(exported as (...args: unknown[]) => unknown, signature)
  instance.calls.set(field, call)
  return call
}

function get(instance: Instance, { field }: Action, [pattern]: readonly Pattern[]): Value[] {
  const exported = instance.exports[field]
  if (!(exported instanceof WebAssembly.Global)) throw new Skip(`there is no global "${field}"`)
  if (pattern?.kind === 'lanes') return [readGlobal(exported, 'v128')]
  return [readGlobal(exported, pattern?.kind === 'bits' || pattern?.kind === 'nan' ? pattern.type : 'externref')]
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n)
}
