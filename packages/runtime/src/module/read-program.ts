import { FailureError } from '../executor/failure.ts'
import type { ModuleFacts } from '../executor/thread/messages.ts'
import { IMPORT_SIGNATURES } from '../imports/signatures.ts'
import { findSizeFailure, type ImportName, type Program } from './program.ts'
import { type ReadModule, readModule } from './read-module.ts'

/** Values that cross from module to module: references would let code run whose fuel nobody counts. */
const CROSSING = /^\((?:(?:i32|i64|f32|f64)(?:, )?)*\) -> \((?:(?:i32|i64|f32|f64)(?:, )?)*\)$/
const MODULES_COUNT_MAX = 64
const PAGES_MAX = 65_536

/** A program with what is known of it and of each of its modules, the entry's last. */
export interface ReadProgram {
  readonly info: ModuleFacts
  readonly parts: readonly ReadModule[]
  /** Functions that are imported and nobody provides; none unless the program says that they trap. */
  readonly unknownImports: readonly ImportName[]
}

/**
 * Reads a program's modules and checks that the sandbox can run them and that they fit together.
 *
 * @throws {FailureError} with the first thing that is wrong
 */
export function readProgram(program: Program): ReadProgram {
  const failure = findSizeFailure(program)
  if (failure !== undefined) throw new FailureError(failure)
  const offered = new Map<string, ReadonlyMap<string, string>>()
  if (program.modules.length > MODULES_COUNT_MAX)
    refuse(`${program.modules.length} modules are linked, ${MODULES_COUNT_MAX} may be`)
  const trapsUnknown = program.trapsUnknownImports === true
  const threads = program.threads === true
  const linked = program.modules.map(({ name, wasm }) => {
    if (Object.hasOwn(IMPORT_SIGNATURES, name)) refuse(`a linked module has the name of the host's "${name}"`)
    if (offered.has(name)) refuse(`two linked modules have the name "${name}"`)
    const module = readModule(wasm, { offered, trapsUnknown, threads })
    offered.set(name, functionsOf(module))
    return module
  })
  const entry = readModule(program.entry, { offered, trapsUnknown, threads })
  const parts = [...linked, entry]
  const sum = (count: (facts: ModuleFacts) => number): number => parts.reduce((all, { facts }) => all + count(facts), 0)
  const info = {
    entries: entry.facts.entries,
    imports: [...new Set(parts.flatMap(({ facts }) => facts.imports))].sort(),
    memoryPagesMin: sum(({ memoryPagesMin }) => memoryPagesMin),
    memoryPagesMax: Math.min(
      PAGES_MAX,
      sum(({ memoryPagesMax }) => memoryPagesMax),
    ),
    size: sum(({ size }) => size),
  }
  return { info, parts, unknownImports: parts.flatMap((part) => part.unknownImports) }
}

/**
 * The memory cap of each module, in pages: what it starts with, and an equal share of the rest, but not beyond what it
 * can use by its own account.
 *
 * @param pages - of all modules together
 */
export function sharePages(pages: number, parts: readonly ReadModule[]): number[] {
  const initial = parts.reduce((all, { facts }) => all + facts.memoryPagesMin, 0)
  const share = Math.floor(Math.max(0, pages - initial) / Math.max(1, parts.length))
  return parts.map(({ facts }) => Math.max(1, Math.min(facts.memoryPagesMax, facts.memoryPagesMin + share)))
}

function functionsOf({ exports }: ReadModule): ReadonlyMap<string, string> {
  const functions = exports.flatMap(({ name, signature }): [string, string][] =>
    signature !== undefined && CROSSING.test(signature) ? [[name, signature]] : [],
  )
  return new Map(functions)
}

function refuse(why: string): never {
  throw new FailureError({ code: 'ERR_MODULE_INVALID', looksLike: 'a program of several modules', why })
}
