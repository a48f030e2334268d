import { difference, fuelDifference, judge } from './judge.ts'
import { type Outcome, Skip } from './outcome.ts'
import { type Command, type ModuleSource, parseScript } from './parse-script.ts'
import { type BytesOf, Realm } from './realm.ts'
import { ANY_NAN, FAST, PLAIN, PRECISE, TIGHT, type Variant } from './variant.ts'
import type { TextCompiler } from './wat.ts'

/** A command that failed, or was not run to its end. */
export interface Note {
  readonly line: number
  readonly command: string
  /** what is wrong, or the reason for skipping it, which many commands share */
  readonly problem: string
  /** more about this one command */
  readonly detail?: string | undefined
}

/** What a script's commands came to; each counts once, however often it was run. */
export interface ScriptResult {
  readonly passed: number
  readonly failures: readonly Note[]
  readonly skips: readonly Note[]
}

const TEXT_UNKNOWN = 'text not understood by the text compiler'
const TEXT_ONLY = 'about the text format only'
const ENGINE_DIFFERS = 'the engine alone does not do it either'

/**
 * Runs a script with its modules as they are and with each rewriting of them, and compares every command's end.
 *
 * @param source - contents of a `.wast` file
 * @throws {ScriptError} if the script is malformed
 */
export function runScript(source: string, compileText: TextCompiler): ScriptResult {
  const commands = parseScript(source)
  const cache = new Map<ModuleSource, Uint8Array<ArrayBuffer> | undefined>()
  const invalid = new Set(commands.flatMap((command) => (command.kind === 'assert_invalid' ? [command.source] : [])))
  const bytesOf: BytesOf = (module) => {
    if (!cache.has(module)) cache.set(module, bytesOrNothing(module, !invalid.has(module), compileText))
    const bytes = cache.get(module)
    if (bytes === undefined) throw new Skip(TEXT_UNKNOWN)
    return bytes
  }
  const run = (variant: Variant, limits?: Run['fuel']): Run => runVariant(variant, commands, bytesOf, limits)
  const plain = run(PLAIN).outcomes
  const precise = run(PRECISE)
  const rewritten = [run(FAST), precise, run(TIGHT, precise.fuel), run(ANY_NAN)]
  const shortage = new Realm(FAST, bytesOf)
  const runsShort = commands.map((command) => (isAboutText(command) ? undefined : shortage.runsShort(command)))
  const failures: Note[] = []
  const skips: Note[] = []
  for (const [index, command] of commands.entries()) {
    const outcomes = rewritten.map(({ variant, outcomes }) => ({ variant, outcome: outcomes[index] as Outcome }))
    const verdict =
      compare(command, plain[index] as Outcome, outcomes) ?? (runsShort[index] === false ? NOT_SHORT : undefined)
    if (verdict === undefined) continue
    const { isSkipped, ...rest } = verdict
    const notes = isSkipped ? skips : failures
    notes.push({ line: command.line, command: command.kind, ...rest })
  }
  return { passed: commands.length - failures.length - skips.length, failures, skips }
}

/** A run of all commands with one variant of the modules. */
interface Run {
  readonly variant: Variant
  readonly outcomes: readonly Outcome[]
  /** by command, what each instance used */
  readonly fuel: readonly (readonly bigint[])[]
}

function runVariant(variant: Variant, commands: readonly Command[], bytesOf: BytesOf, limits?: Run['fuel']): Run {
  const realm = new Realm(variant, bytesOf)
  const outcomes: Outcome[] = []
  const fuel: (readonly bigint[])[] = []
  for (const [index, command] of commands.entries()) {
    outcomes.push(
      isAboutText(command) ? { kind: 'skipped', reason: TEXT_ONLY } : realm.execute(command, limits?.[index]),
    )
    fuel.push(realm.fuelUsed)
  }
  return { variant, outcomes, fuel }
}

function isAboutText(command: Command): boolean {
  return command.kind === 'assert_malformed' && command.source.kind === 'text'
}

function bytesOrNothing(
  module: ModuleSource,
  isValid: boolean,
  compileText: TextCompiler,
): Uint8Array<ArrayBuffer> | undefined {
  if (module.kind === 'binary') return module.bytes
  try {
    return compileText(module.text, isValid)
  } catch {
    return undefined
  }
}

interface Verdict {
  readonly isSkipped: boolean
  readonly problem: string
  readonly detail?: string
}

const NOT_SHORT: Verdict = {
  isSkipped: false,
  problem: '[fast, one unit short] returns with one unit of fuel less than it uses',
}

/** Why a command failed or was skipped; undefined if it passed with every rewriting. */
function compare(
  command: Command,
  plain: Outcome,
  rewritten: readonly { variant: Variant; outcome: Outcome }[],
): Verdict | undefined {
  for (const outcome of [...rewritten.map(({ outcome }) => outcome), plain]) {
    if (outcome.kind === 'skipped') return { isSkipped: true, problem: outcome.reason }
  }
  const detail = judge(command, plain, false)
  const isRefused = rewritten.every(({ outcome }) => outcome.kind === 'refused' && !outcome.byEngine)
  const wantsRefusal = command.kind === 'assert_invalid' || command.kind === 'assert_malformed'
  if (wantsRefusal && isRefused) return undefined // also of what the engine takes
  if (detail !== undefined) return { isSkipped: true, problem: ENGINE_DIFFERS, detail }
  const first = rewritten[0]?.outcome
  for (const { variant, outcome } of rewritten) {
    const problem =
      difference(command, plain, outcome) ??
      judge(command, outcome, variant.hasCanonicalNan) ??
      (first && fuelDifference(first, outcome))
    if (problem !== undefined) return { isSkipped: false, problem: `[${variant.name}] ${problem}` }
  }
  return undefined
}
