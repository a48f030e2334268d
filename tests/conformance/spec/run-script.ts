import { difference, fuelDifference, judge } from './judge.ts'
import { type Outcome, Skip } from './outcome.ts'
import { type Command, type ModuleSource, parseScript } from './parse-script.ts'
import { Realm } from './realm.ts'
import { PLAIN, REWRITINGS, type Variant } from './variant.ts'
import type { TextCompiler } from './wat.ts'

/** A command that did not end as it should. */
export interface Failure {
  readonly line: number
  readonly command: string
  readonly problem: string
}

/** What a script's commands came to; each counts once, however often it was run. */
export interface ScriptResult {
  readonly passed: number
  readonly failures: readonly Failure[]
  /** how many were skipped, by reason */
  readonly skipped: Readonly<Record<string, number>>
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
  const bytesOf = (module: ModuleSource): Uint8Array<ArrayBuffer> => {
    if (!cache.has(module)) cache.set(module, bytesOrNothing(module, !invalid.has(module), compileText))
    const bytes = cache.get(module)
    if (bytes === undefined) throw new Skip(TEXT_UNKNOWN)
    return bytes
  }
  const run = (variant: Variant): Outcome[] => {
    const realm = new Realm(variant, bytesOf)
    return commands.map((command) =>
      isAboutText(command) ? { kind: 'skipped', reason: TEXT_ONLY } : realm.execute(command),
    )
  }
  const plain = run(PLAIN)
  const rewritten = REWRITINGS.map((variant) => ({ variant, outcomes: run(variant) }))
  const skipped: Record<string, number> = {}
  const failures: Failure[] = []
  let passed = 0
  for (const [index, command] of commands.entries()) {
    const outcomes = rewritten.map(({ variant, outcomes }) => ({ variant, outcome: outcomes[index] as Outcome }))
    const verdict = compare(command, plain[index] as Outcome, outcomes)
    if (verdict === undefined) passed++
    else if ('reason' in verdict) skipped[verdict.reason] = (skipped[verdict.reason] ?? 0) + 1
    else failures.push({ line: command.line, command: command.kind, problem: verdict.problem })
  }
  return { passed, failures, skipped }
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

function isAboutText(command: Command): boolean {
  return command.kind === 'assert_malformed' && command.source.kind === 'text'
}

/** Why a command failed or was skipped; undefined if it passed with every rewriting. */
function compare(
  command: Command,
  plain: Outcome,
  rewritten: readonly { variant: Variant; outcome: Outcome }[],
): { problem: string } | { reason: string } | undefined {
  for (const { outcome } of rewritten) if (outcome.kind === 'skipped') return { reason: outcome.reason }
  if (plain.kind === 'skipped') return { reason: plain.reason }
  if (judge(command, plain, false) !== undefined) return { reason: ENGINE_DIFFERS }
  const first = rewritten[0]?.outcome
  for (const { variant, outcome } of rewritten) {
    const problem =
      difference(command, plain, outcome) ??
      judge(command, outcome, variant.hasCanonicalNan) ??
      (first && fuelDifference(first, outcome))
    if (problem !== undefined) return { problem: `[${variant.name}] ${problem}` }
  }
  return undefined
}
