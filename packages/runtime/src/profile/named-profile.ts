import { functionNames, sourceMapUrl } from '@blockless/wasm'
import { type Program, programParts } from '../module/program.ts'
import { type ProfiledFunction, ROOT_NODE, type RunProfile } from './profile-bytes.ts'

/** A node of a profile for people. */
export interface NamedNode {
  /** Index of the caller's node, which comes before this one. */
  readonly parent: number
  readonly name: string
  readonly selfFuel: number
}

/** A profile for people; the first node is the root and no function. */
export type NamedProfile = readonly NamedNode[]

/** Characters of a name that are kept: templates of C++ can make thousands. */
const NAME_LENGTH_MAX = 200

/**
 * Names the functions of a profile: of the entry's module as `name`, of a linked module as `module:name`, of the host as
 * `module.name`.
 *
 * @param program - that was run, as it was given to `prepare`
 * @param sourceMaps - text of the source map of each module that has one, by its place among the linked modules; the
 * entry's comes after them
 * @throws {RangeError} if the profile is not one of this program
 */
export function nameProfile(
  profile: RunProfile,
  program: Program,
  sourceMaps: ReadonlyMap<number, string> = new Map(),
): NamedProfile {
  const parts = programParts(program)
  const names = new Map<number, readonly string[]>()
  const namesOf = (module: number): readonly string[] => {
    const bytes = parts[module]
    const known = names.get(module) ?? (bytes && functionNames(bytes, sourceMaps.get(module)))
    if (known === undefined) throw new RangeError(`Cannot name profile: its program has no module ${module}`)
    names.set(module, known)
    return known
  }
  return profile.map(({ parent, function: called, selfFuel }) => {
    const name = nameOf(called, namesOf, program)
    return { parent, selfFuel, name: name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX - 1)}…` : name }
  })
}

/** Where the entry's module says that its source map is, as a URL; undefined if it does not say. */
export function sourceMapUrlOf(program: Program): string | undefined {
  return sourceMapUrl(program.entry)
}

function nameOf(called: ProfiledFunction, namesOf: (module: number) => readonly string[], program: Program): string {
  if (called.kind === 'host') return called.name
  if (called.kind !== 'guest') return `(${called.kind})`
  const name = namesOf(called.module)[called.index]
  if (name === undefined) throw new RangeError(`Cannot name profile: its program has no function ${called.index}`)
  const linked = program.modules[called.module]?.name
  return linked === undefined ? name : `${linked}:${name}`
}

/** Frames of one stack that are shown: of deeper ones the middle is left out, as all stacks would take gigabytes. */
const FRAMES_MAX = 128

/** A path of calls and the fuel of its last function. */
export interface Stack {
  /** Outermost first. */
  readonly frames: readonly string[]
  readonly fuel: number
}

/** The paths of calls that used fuel; it adds up to that of the run. Of more than 128 frames, those in the middle are `(…)`. */
export function* stacksOf(profile: NamedProfile): Generator<Stack, void, undefined> {
  const depths: number[] = []
  for (const [index, { parent, selfFuel, name }] of profile.entries()) {
    depths.push(index === ROOT_NODE ? 0 : (depths[parent] as number) + 1)
    if (selfFuel > 0) yield { frames: index === ROOT_NODE ? [name] : framesOf(profile, index, depths), fuel: selfFuel }
  }
}

function framesOf(profile: NamedProfile, index: number, depths: readonly number[]): string[] {
  const frames: string[] = []
  const half = FRAMES_MAX / 2
  const isLong = (depths[index] as number) > FRAMES_MAX
  for (let node = index; node !== ROOT_NODE; node = (profile[node] as NamedNode).parent) {
    const depth = depths[node] as number
    const isShown = !isLong || depth <= half || frames.length < half - 1
    if (isShown) frames.push((profile[node] as NamedNode).name)
    else if (frames.length === half - 1) frames.push('(…)')
  }
  return frames.reverse()
}

/** A function's part in a run. */
export interface FunctionFuel {
  readonly name: string
  /** Of the function itself. */
  readonly selfFuel: number
  /** With what it called; a function that calls itself counts once. */
  readonly totalFuel: number
}

/** What each function used, most of its own first; functions of one name are one. */
export function functionFuel(profile: NamedProfile): readonly FunctionFuel[] {
  const totals = profile.map(({ selfFuel }) => selfFuel)
  for (let index = profile.length - 1; index > ROOT_NODE; index--) {
    const { parent } = profile[index] as NamedNode
    totals[parent] = (totals[parent] as number) + (totals[index] as number)
  }
  const all = new Map<string, { selfFuel: number; totalFuel: number }>()
  for (const [index, isOutermost] of outermost(profile).entries()) {
    const { name, selfFuel } = profile[index] as NamedNode
    if (index === ROOT_NODE && selfFuel === 0) continue
    const { selfFuel: self, totalFuel: total } = all.get(name) ?? { selfFuel: 0, totalFuel: 0 }
    all.set(name, { selfFuel: self + selfFuel, totalFuel: total + (isOutermost ? (totals[index] as number) : 0) })
  }
  return [...all]
    .map(([name, fuel]) => ({ name, ...fuel }))
    .filter(({ totalFuel }) => totalFuel > 0)
    .sort((one, other) => other.selfFuel - one.selfFuel || (one.name < other.name ? -1 : 1))
}

/** Whether each node is not below another one of the same name; walks the tree with the names that are open. */
function outermost(profile: NamedProfile): readonly boolean[] {
  const children = profile.map((): number[] => [])
  for (const [index, { parent }] of profile.entries()) if (index !== ROOT_NODE) children[parent]?.push(index)
  const found = profile.map(() => false)
  const open = new Map<string, number>()
  const walk = [ROOT_NODE]
  for (let node = walk.pop(); node !== undefined; node = walk.pop()) {
    const isEnd = node < 0
    const { name } = profile[isEnd ? ~node : node] as NamedNode
    const count = open.get(name) ?? 0
    open.set(name, isEnd ? count - 1 : count + 1)
    if (isEnd) continue
    found[node] = count === 0
    walk.push(~node, ...(children[node] as number[]))
  }
  return found
}
