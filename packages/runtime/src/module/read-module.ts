import { decodeModule, type ImportDescriptor, type Module, ModuleError } from '@blockless/wasm'
import { FailureError } from '../executor/failure.ts'
import type { ModuleFacts } from '../executor/thread/messages.ts'
import { IMPORT_SIGNATURES } from '../imports/signatures.ts'
import { describeBytes } from './describe-bytes.ts'
import { nearNames } from './near-names.ts'
import type { ImportName } from './program.ts'

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const NO_PARAMETERS = '() -> '

/** A module with what is known of it. */
export interface ReadModule {
  readonly facts: ModuleFacts
  readonly exports: Module['exports']
  /** Functions that it imports and nobody provides; none unless that is allowed. */
  readonly unknownImports: readonly ImportName[]
}

/** What a module may import beside what the host provides. */
export interface ReadModuleOptions {
  /** Functions of modules linked to it; its `imports` are what remains for the host to provide. */
  readonly offered?: OfferedFunctions
  /** Whether functions that nobody provides are let pass, for calls of them to trap. */
  readonly trapsUnknown?: boolean
  /** Whether it may have shared memories and atomic instructions. */
  readonly threads?: boolean
}

/** Functions that linked modules offer: the type of each by the name of its module and its own. */
export type OfferedFunctions = ReadonlyMap<string, ReadonlyMap<string, string>>

/**
 * Reads a module and checks that the sandbox can run it: valid, of a bearable size, importing only what there is.
 *
 * @throws {FailureError} with the first thing that is wrong
 */
export function readModule(wasm: Uint8Array, options: ReadModuleOptions = {}): ReadModule {
  const { offered = new Map(), trapsUnknown = false, threads = false } = options
  if (!PREAMBLE.every((byte, index) => wasm[index] === byte)) {
    const looksLike = describeBytes(wasm)
    throw new FailureError({
      code: 'ERR_MODULE_INVALID',
      looksLike,
      why: 'a module begins with "\\0asm" and version 1',
    })
  }
  const module = translated(() => decodeModule(wasm, { threads }))
  const unknownImports = trapsUnknown ? module.imports.filter((found) => isUnknown(found, offered)) : []
  for (const found of module.imports) if (!unknownImports.includes(found)) checkImport(found, offered)
  const hostImports = module.imports.filter((found) => !offered.has(found.module))
  const facts = {
    entries: entriesOf(module),
    imports: hostImports.map((found) => `${found.module}.${found.name}`).sort(),
    memoryPagesMin: module.memory?.pagesInitial ?? 0,
    memoryPagesMax: module.memory?.pagesMax ?? 0,
    size: wasm.length,
  }
  return {
    facts,
    exports: module.exports,
    unknownImports: unknownImports.map(({ module, name }) => ({ module, name })),
  }
}

/** Runs a part of `@blockless/wasm` and says its refusals in the words of the runtime. */
export function translated<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error
    const { details } = error
    if (details.code === 'ERR_MODULE_MEMORY') {
      const { pagesInitial: pagesMin, pagesMax } = details
      throw new FailureError({ code: 'ERR_MODULE_MEMORY', pagesMin, pagesMax })
    }
    const looksLike = isDamaged(details.code) ? 'a damaged WebAssembly module' : 'a WebAssembly module'
    throw new FailureError({
      code: 'ERR_MODULE_INVALID',
      looksLike,
      why: error.message.replace(/^Cannot \w+ module: /, ''),
    })
  }
}

function isDamaged(code: ModuleError['code']): boolean {
  return code === 'ERR_MODULE_MALFORMED' || code === 'ERR_MODULE_INVALID'
}

function entriesOf(module: Module): string[] {
  return module.exports
    .filter(({ kind, signature }) => kind === 'function' && signature?.startsWith(NO_PARAMETERS) === true)
    .map(({ name }) => name)
    .sort()
}

/** A vector in its type could not even be called: JavaScript has no such values. */
function isUnknown({ module, name, kind, signature }: ImportDescriptor, offered: OfferedFunctions): boolean {
  const isProvided = Object.hasOwn(IMPORT_SIGNATURES, module) && Object.hasOwn(IMPORT_SIGNATURES[module] ?? {}, name)
  return kind === 'function' && !offered.has(module) && !isProvided && signature?.includes('v128') === false
}

function checkImport(found: ImportDescriptor, offered: OfferedFunctions): void {
  const { module, name, kind, signature } = found
  const linked = offered.get(module)
  if (linked !== undefined) {
    checkLinked(found, linked)
    return
  }
  const signatures = Object.hasOwn(IMPORT_SIGNATURES, module) ? IMPORT_SIGNATURES[module] : undefined
  const known = signatures !== undefined && Object.hasOwn(signatures, name) ? signatures[name] : undefined
  if (known !== undefined && kind === 'function' && signature === known) return
  throw new FailureError({
    code: 'ERR_MODULE_IMPORT',
    module,
    name,
    why: whyNot(kind, signature, known),
    near: known === undefined ? near(module, name) : [],
  })
}

function checkLinked({ module, name, kind, signature }: ImportDescriptor, linked: ReadonlyMap<string, string>): void {
  const known = linked.get(name)
  if (known !== undefined && kind === 'function' && signature === known) return
  const nothing = 'the linked module exports no function of this name that takes and gives numbers'
  const why = known === undefined && kind === 'function' ? nothing : whyNot(kind, signature, known)
  const near = nearNames(name, [...linked.keys()]).map((other) => `${module}.${other}`)
  throw new FailureError({ code: 'ERR_MODULE_IMPORT', module, name, why, near })
}

function whyNot(kind: string, signature: string | undefined, known: string | undefined): string {
  if (kind !== 'function') return `it is a ${kind}, only functions are provided`
  return known === undefined ? 'nothing provides it' : `it is imported as ${signature}, it is ${known}`
}

function near(module: string, name: string): string[] {
  if (!Object.hasOwn(IMPORT_SIGNATURES, module)) return nearNames(module, Object.keys(IMPORT_SIGNATURES))
  return nearNames(name, Object.keys(IMPORT_SIGNATURES[module] ?? {})).map((other) => `${module}.${other}`)
}
