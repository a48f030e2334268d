import { ByteWriter } from '../binary/byte-writer.ts'
import { F64, I32, I64 } from '../binary/value-type.ts'
import { CALLED, type CodeScan, TRAIT } from '../code/scan-code.ts'
import { ARITY_MAX, DEFINITIONS_MAX } from '../limits.ts'
import { type FunctionType, type Module, SECTION } from '../module.ts'
import { ModuleError } from '../module-error.ts'
import { frameUnits, LEAF_UNITS_MAX, UNCHECKED_FUEL_MAX } from './cost.ts'
import type { ProfilePlan } from './profile-hooks.ts'

/** How a function's fuel gets in and out of it. */
export const MODE = {
  /** straight-line code of known cost: the caller charges it, the body stays as it is */
  CONSTANT: 0,
  /** fuel (and, unless it is a leaf, remaining depth) are extra parameters, fuel is an extra result */
  THREADED: 1,
  /** keeps its type: fuel and depth come and go through the globals */
  GLOBAL: 2,
} as const

/** What is decided before the bodies are rewritten. Arrays are by defined function unless they say otherwise. */
export interface Plan {
  readonly isPrecise: boolean
  /** whether NaNs are made canonical */
  readonly isCanonical: boolean
  /** {@link MODE} */
  readonly modes: Uint8Array
  /** 1 if the function calls nothing and is small: its frame does not count against the depth */
  readonly leaves: Uint8Array
  /** call depth that one frame takes */
  readonly units: Uint32Array
  /** function index of the body that direct calls go to, by function index, imported ones included */
  readonly targets: Uint32Array
  /** functions whose body moved behind all others, because their own index has to keep its type */
  readonly moved: readonly number[]
  /** type index of the body */
  readonly bodyTypes: Uint32Array
  readonly fuelGlobal: number
  readonly depthGlobal: number
  readonly statusGlobal: number
  /** function index of the helper that replaces `memory.grow`, if there is one */
  readonly growFunction: number | undefined
  readonly growType: number
  readonly types: AddedTypes
  /** if functions report when they begin and end */
  readonly profile: ProfilePlan | undefined
}

/** Parameters and results that the rewriting can add to a type. */
const THREADED_ARITY = 2

/** How a module is rewritten, for all of its functions. */
export type PlanOptions = Pick<Plan, 'isPrecise' | 'isCanonical'> & { readonly isProfiled: boolean }

/** Decides how each function is rewritten; the same for all rewritings, but for constants that can trap or report. */
export function planRewriting(module: Module, scan: CodeScan, options: PlanOptions): Plan {
  const imported = module.importedFunctionCount
  const functionCount = module.functionTypes.length
  const count = functionCount - imported
  const types = new AddedTypes(module)
  const plan = {
    modes: new Uint8Array(count),
    leaves: new Uint8Array(count),
    units: new Uint32Array(count),
    targets: Uint32Array.from({ length: functionCount }, (_, index) => index),
    bodyTypes: module.functionTypes.slice(imported),
  }
  const moved: number[] = []
  let grows = false
  for (let index = 0; index < count; index++) {
    const traits = scan.traits[index] as number
    if ((traits & TRAIT.GROWS) !== 0) grows = true
    const units = frameUnits(scan.slots[index] as number)
    const isLeaf = (traits & TRAIT.CALLS) === 0 && units <= LEAF_UNITS_MAX
    plan.units[index] = units
    plan.leaves[index] = isLeaf ? 1 : 0
    const mode = chooseMode(module, scan, index, isLeaf, options)
    plan.modes[index] = mode
    if (mode === MODE.GLOBAL) continue
    if (mode === MODE.THREADED) plan.bodyTypes[index] = types.threaded(plan.bodyTypes[index] as number, isLeaf)
    if (module.escapes[imported + index] === 1) {
      plan.targets[imported + index] = functionCount + moved.length
      moved.push(index)
    }
  }
  checkCount(module, 'functions', functionCount + moved.length + 1)
  checkCount(module, 'globals', module.globalCount + 3)
  const growType = grows ? types.grow() : 0
  return {
    ...plan,
    isPrecise: options.isPrecise,
    isCanonical: options.isCanonical,
    moved,
    types,
    fuelGlobal: module.globalCount,
    depthGlobal: module.globalCount + 1,
    statusGlobal: module.globalCount + 2,
    growFunction: grows ? functionCount + moved.length : undefined,
    growType,
    profile: options.isProfiled
      ? { table: module.tableTypes.length, enterType: types.enter(), unwindType: types.unwind() }
      : undefined,
  }
}

function chooseMode(
  module: Module,
  scan: CodeScan,
  index: number,
  isLeaf: boolean,
  { isPrecise, isProfiled }: PlanOptions,
): number {
  const functionIndex = module.importedFunctionCount + index
  const traits = scan.traits[index] as number
  const called = scan.called[functionIndex] as number
  // A tail call needs caller and callee to have the same results, so both keep the type that the module gave them.
  if ((traits & TRAIT.TAIL_CALLS) !== 0 || (called & CALLED.BY_TAIL) !== 0) return MODE.GLOBAL
  if (module.escapes[functionIndex] === 1 && called === 0) return MODE.GLOBAL
  const varies = TRAIT.LOOPS | TRAIT.BRANCHES | TRAIT.BULK | (isPrecise ? TRAIT.TRAPS : 0)
  const fuel = scan.straightFuel[index] as number
  if (isLeaf && !isProfiled && (traits & varies) === 0 && fuel <= UNCHECKED_FUEL_MAX) return MODE.CONSTANT
  const type = module.types[module.functionTypes[functionIndex] as number] as FunctionType
  const arity = Math.max(type.params.length, type.results.length) + THREADED_ARITY
  return arity > ARITY_MAX ? MODE.GLOBAL : MODE.THREADED
}

function checkCount(module: Module, what: string, count: number): void {
  if (count <= DEFINITIONS_MAX) return
  const at = module.sections.get(SECTION.FUNCTION)?.start ?? 0
  throw new ModuleError({ code: 'ERR_MODULE_LIMIT', at, what: `the number of ${what}`, limit: DEFINITIONS_MAX })
}

/** The function types that the rewriting appends to the module's own, each once. */
export class AddedTypes {
  readonly #module: Module
  readonly #writer = new ByteWriter()
  readonly #indices = new Map<string, number>()

  constructor(module: Module) {
    this.#module = module
  }

  /** How many were added. */
  get count(): number {
    return this.#indices.size
  }

  /** Their encodings, one after the other. */
  get bytes(): Uint8Array {
    return this.#writer.view()
  }

  /** `[params, depth?, fuel] -> [results, fuel]`; a leaf gets no depth. */
  threaded(typeIndex: number, isLeaf: boolean): number {
    return this.#add(`${isLeaf ? 'leaf' : 'threaded'} ${typeIndex}`, (writer) => {
      const { bytes, types } = this.#module
      const type = types[typeIndex] as FunctionType
      writer.u32(type.params.length + (isLeaf ? 1 : 2))
      writer.copy(bytes, type.paramsStart, type.paramsEnd)
      if (!isLeaf) writer.byte(I64)
      writer.byte(I64)
      writer.u32(type.results.length + 1)
      writer.copy(bytes, type.resultsStart, type.resultsEnd)
      writer.byte(I64)
    })
  }

  /** `[] -> [results]`, for a block around a whole body. */
  resultsOnly(typeIndex: number): number {
    return this.#add(`results ${typeIndex}`, (writer) => {
      const { bytes, types } = this.#module
      const type = types[typeIndex] as FunctionType
      writer.u32(0)
      writer.u32(type.results.length)
      writer.copy(bytes, type.resultsStart, type.resultsEnd)
    })
  }

  /** `[i32] -> [i32]`, for the helper behind `memory.grow`. */
  grow(): number {
    return this.#add('grow', (writer) => {
      writer.u32(1)
      writer.byte(I32)
      writer.u32(1)
      writer.byte(I32)
    })
  }

  /** `[i32, f64] -> [i32]`, for the hook at a function's beginning. */
  enter(): number {
    return this.#add('enter', (writer) => writer.copy(Uint8Array.of(2, I32, F64, 1, I32)))
  }

  /** `[i32, f64] -> []`, for the hook where frames end. */
  unwind(): number {
    return this.#add('unwind', (writer) => writer.copy(Uint8Array.of(2, I32, F64, 0)))
  }

  #add(key: string, write: (writer: ByteWriter) => void): number {
    const known = this.#indices.get(key)
    if (known !== undefined) return known
    const index = this.#module.types.length + this.#indices.size
    checkCount(this.#module, 'types', index + 1)
    this.#indices.set(key, index)
    this.#writer.byte(0x60)
    write(this.#writer)
    return index
  }
}
