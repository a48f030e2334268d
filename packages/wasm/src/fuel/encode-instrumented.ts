import { ByteReader } from '../binary/byte-reader.ts'
import { ByteWriter } from '../binary/byte-writer.ts'
import { I32, I64 } from '../binary/value-type.ts'
import { OP } from '../code/opcodes.ts'
import type { CodeScan } from '../code/scan-code.ts'
import { BODY_SIZE_MAX, PAGES_MAX, TABLE_ENTRIES_MAX } from '../limits.ts'
import { type Module, SECTION, SECTION_ORDER, type Section } from '../module.ts'
import { ModuleError } from '../module-error.ts'
import { growBody, thunkBody } from './added-functions.ts'
import { FUEL_EXPORT, PROFILE_EXPORT, START_EXPORT, STATUS_EXPORT } from './export-names.ts'
import { rewriteNames } from './name-section.ts'
import type { Plan } from './plan.ts'
import { PROFILE_HOOKS_COUNT } from './profile-hooks.ts'
import { BodyRewriter } from './rewrite-body.ts'

/** All that one encoding works from. */
export interface Rewriting {
  readonly module: Module
  readonly scan: CodeScan
  readonly plan: Plan
  /** capped maximum of the memory */
  readonly pagesMax: number
  readonly callDepthMax: number
}

/** Custom sections that stay true when code moves; debug information and linking sections would not. */
const KEPT_CUSTOM: ReadonlySet<string> = new Set(['sourceMappingURL', 'producers', 'target_features'])
const HEADER: Uint8Array = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
/** Tells the engine which branches to lay out of the way (branch hinting proposal); stands before the code. */
const BRANCH_HINTS = 'metadata.code.branch_hint'
const UNLIKELY = 0
const KIND_FUNCTION = 0
const KIND_TABLE = 1
const KIND_GLOBAL = 3
const FUNCREF_BYTE = 0x70
const ADDED_GLOBALS = 3
/** Flags of limits with a maximum. */
const LIMITS_WITH_MAX = 1
const LIMITS_SHARED = 3

/** Writes the rewritten module: known sections in their order, then the custom sections that are kept. */
export function encodeInstrumented(writer: ByteWriter, rewriting: Rewriting): void {
  const { module, plan } = rewriting
  // Bodies are rewritten first, since they add types that stand before them.
  const code = encodeCode(rewriting)
  writer.copy(HEADER)
  for (const id of SECTION_ORDER) {
    const contents = id === SECTION.CODE ? code?.bodies : encodeSection(id, rewriting)
    if (contents === undefined) continue
    if (id === SECTION.CODE && code !== undefined) writeCustom(writer, BRANCH_HINTS, code.hints)
    writer.byte(id)
    writer.u32(contents.length)
    writer.copy(contents)
  }
  for (const custom of module.customSections) {
    const isNames = custom.name === 'name'
    if (!isNames && !KEPT_CUSTOM.has(custom.name)) continue
    const contents = isNames
      ? rewriteNames(module, custom, plan.moved)
      : module.bytes.subarray(custom.start, custom.end)
    if (contents === undefined) continue
    writeCustom(writer, custom.name, contents)
  }
}

function writeCustom(writer: ByteWriter, name: string, contents: Uint8Array): void {
  const header = new ByteWriter(32)
  header.name(name)
  writer.byte(SECTION.CUSTOM)
  writer.u32(header.size + contents.length)
  writer.copy(header.view())
  writer.copy(contents)
}

function encodeSection(id: number, rewriting: Rewriting): Uint8Array | undefined {
  const { module, plan, pagesMax } = rewriting
  const section = module.sections.get(id)
  const memory = module.memory
  switch (id) {
    case SECTION.TYPE:
      return plan.types.count === 0
        ? contentsOf(module, section)
        : appended(module, section, plan.types.count, plan.types.bytes)
    case SECTION.IMPORT:
      return memory?.isImported
        ? withLimits(module, section, [{ ...memory, initial: memory.pagesInitial, max: pagesMax }])
        : contentsOf(module, section)
    case SECTION.FUNCTION:
      return encodeFunctions(rewriting)
    case SECTION.TABLE:
      return encodeTables(rewriting)
    case SECTION.MEMORY:
      return memory === undefined || memory.isImported
        ? contentsOf(module, section)
        : withLimits(module, section, [{ ...memory, initial: memory.pagesInitial, max: pagesMax }])
    case SECTION.GLOBAL:
      return encodeGlobals(rewriting)
    case SECTION.EXPORT:
      return encodeExports(rewriting)
    case SECTION.START:
      return undefined
    default:
      return contentsOf(module, section)
  }
}

function contentsOf(module: Module, section: Section | undefined): Uint8Array | undefined {
  return section && module.bytes.subarray(section.start, section.end)
}

/** A section that is a vector, with more entries behind its own. */
function appended(module: Module, section: Section | undefined, count: number, entries: Uint8Array): Uint8Array {
  return extended(contentsOf(module, section), count, entries)
}

function extended(contents: Uint8Array | undefined, count: number, entries: Uint8Array): Uint8Array {
  const writer = new ByteWriter((contents?.length ?? 0) + entries.length + 5)
  if (contents === undefined) {
    writer.u32(count)
  } else {
    const reader = new ByteReader(contents)
    writer.u32(reader.u32('the number of entries') + count)
    writer.copy(contents, reader.offset)
  }
  writer.copy(entries)
  return writer.view()
}

interface Limits {
  readonly start: number
  readonly end: number
  readonly initial: number
  readonly max: number
  readonly isShared?: boolean
}

function tableLimits({ tables }: Module): Limits[] {
  const share = Math.floor(TABLE_ENTRIES_MAX / Math.max(tables.length, 1))
  return tables.map(({ start, end, entriesInitial, entriesMax }) => {
    const max = entriesMax !== undefined && entriesMax < share ? entriesMax : share
    return { start, end, initial: entriesInitial, max }
  })
}

/** A section with some of its limits replaced. */
function withLimits(module: Module, section: Section | undefined, replacements: Limits[]): Uint8Array | undefined {
  if (section === undefined) return undefined
  const writer = new ByteWriter(section.end - section.start + 12 * replacements.length)
  let copied = section.start
  for (const { start, end, initial, max, isShared = false } of replacements) {
    writer.copy(module.bytes, copied, start)
    writer.byte(isShared ? LIMITS_SHARED : LIMITS_WITH_MAX)
    writer.u32(initial)
    writer.u32(max)
    copied = end
  }
  writer.copy(module.bytes, copied, section.end)
  return writer.view()
}

function encodeTables({ module, plan }: Rewriting): Uint8Array | undefined {
  const tables = withLimits(module, module.sections.get(SECTION.TABLE), tableLimits(module))
  if (plan.profile === undefined) return tables
  const hooks = Uint8Array.of(FUNCREF_BYTE, LIMITS_WITH_MAX, PROFILE_HOOKS_COUNT, PROFILE_HOOKS_COUNT)
  return extended(tables, 1, hooks)
}

function encodeFunctions({ module, plan }: Rewriting): Uint8Array | undefined {
  const count = plan.modes.length
  const added = plan.moved.length + (plan.growFunction === undefined ? 0 : 1)
  if (count + added === 0) return undefined
  const writer = new ByteWriter(count * 2 + added * 2 + 5)
  const types = plan.bodyTypes.slice()
  for (const index of plan.moved) types[index] = module.functionTypes[module.importedFunctionCount + index] as number
  writer.u32(count + added)
  for (const type of types) writer.u32(type)
  for (const index of plan.moved) writer.u32(plan.bodyTypes[index] as number)
  if (plan.growFunction !== undefined) writer.u32(plan.growType)
  return writer.view()
}

function encodeGlobals({ module, callDepthMax }: Rewriting): Uint8Array {
  const entries = new ByteWriter(32)
  const add = (type: number, constant: number, value: number): void => {
    entries.byte(type)
    entries.byte(1)
    entries.byte(constant)
    entries.s32(value)
    entries.byte(OP.END)
  }
  add(I64, OP.I64_CONST, 0)
  add(I64, OP.I64_CONST, callDepthMax)
  add(I32, OP.I32_CONST, 0)
  return appended(module, module.sections.get(SECTION.GLOBAL), ADDED_GLOBALS, entries.view())
}

function encodeExports({ module, plan }: Rewriting): Uint8Array {
  const entries = new ByteWriter(64)
  let count = 0
  const add = (name: string, kind: number, index: number): void => {
    entries.name(name)
    entries.byte(kind)
    entries.u32(index)
    count++
  }
  add(FUEL_EXPORT, KIND_GLOBAL, plan.fuelGlobal)
  add(STATUS_EXPORT, KIND_GLOBAL, plan.statusGlobal)
  if (plan.profile !== undefined) add(PROFILE_EXPORT, KIND_TABLE, plan.profile.table)
  if (module.startFunction !== undefined) add(START_EXPORT, KIND_FUNCTION, module.startFunction)
  return appended(module, module.sections.get(SECTION.EXPORT), count, entries.view())
}

function encodeCode(rewriting: Rewriting): { bodies: Uint8Array; hints: Uint8Array } | undefined {
  const { module, scan, plan, pagesMax } = rewriting
  const count = plan.modes.length
  const section = module.sections.get(SECTION.CODE)
  if (section === undefined) return undefined
  const rewriter = new BodyRewriter(module, scan, plan)
  const writer = new ByteWriter((section.end - section.start) * 2)
  const hints = new HintWriter()
  let functionIndex = module.importedFunctionCount
  const addBody = (body: Uint8Array, at: number, unlikely: readonly number[] = []): void => {
    if (body.length > BODY_SIZE_MAX) {
      throw new ModuleError({
        code: 'ERR_MODULE_LIMIT',
        at,
        what: 'the size of a rewritten body',
        limit: BODY_SIZE_MAX,
      })
    }
    writer.u32(body.length)
    writer.copy(body)
    hints.add(functionIndex++, unlikely)
  }
  const addRewritten = (index: number): void => {
    addBody(rewriter.rewrite(index), module.bodies[index * 2] as number, rewriter.unlikelyBranches)
  }
  const isMoved = new Uint8Array(count)
  for (const index of plan.moved) isMoved[index] = 1
  writer.u32(count + plan.moved.length + (plan.growFunction === undefined ? 0 : 1))
  for (let index = 0; index < count; index++) {
    if (isMoved[index] === 1) addBody(thunkBody(module, scan, plan, index), module.bodies[index * 2] as number)
    else addRewritten(index)
  }
  for (const index of plan.moved) addRewritten(index)
  if (plan.growFunction !== undefined && module.memory !== undefined) {
    addBody(growBody(module.memory, Math.min(pagesMax, PAGES_MAX), plan), section.start)
  }
  return { bodies: writer.view(), hints: hints.finish() }
}

/** Collects branch hints, function by function. */
class HintWriter {
  readonly #entries = new ByteWriter(1024)
  #count = 0

  add(functionIndex: number, unlikely: readonly number[]): void {
    if (unlikely.length === 0) return
    this.#count++
    this.#entries.u32(functionIndex)
    this.#entries.u32(unlikely.length)
    for (const offset of unlikely) {
      this.#entries.u32(offset)
      this.#entries.u32(1)
      this.#entries.byte(UNLIKELY)
    }
  }

  finish(): Uint8Array {
    const writer = new ByteWriter(this.#entries.size + 5)
    writer.u32(this.#count)
    writer.copy(this.#entries.bytes, 0, this.#entries.size)
    return writer.view()
  }
}
