import { ALL_MADE, KIND } from './float-effects.ts'

/** Node of every value that is no NaN, or no float. */
export const NUMBER = 0
/** Node of every value whose NaNs, if any, must keep their bits. */
export const RAW = 1
const FIRST = 2

/** Bit of a fix's shape, beside a {@link KIND}, that stands for a vector of such lanes. */
export const VECTOR = 4
/** Where a fix takes its value from, unless it is a local. */
export const ON_STACK = -1
/** Nodes of one function: 40 MB of them; code beyond them is made canonical instruction by instruction. */
const NODES_MAX = 1 << 20

const JOIN = 0
const SOURCE = 1
const SITE = 2

/** Where NaNs have to be made canonical, in file order, in parallel arrays. */
export interface Fixes {
  /** byte offset in the module of the instruction to put it before */
  readonly offsets: number[]
  /** {@link KIND}, with {@link VECTOR} for vectors */
  readonly shapes: number[]
  /** the local that holds the value, or {@link ON_STACK} */
  readonly locals: number[]
}

/** The places of a body that makes no NaN. */
export const NO_FIXES: Fixes = { offsets: [], shapes: [], locals: [] }

/**
 * Which values reach which uses, in one function.
 *
 * A source is an instruction that makes NaNs; a site is a place where a value passes by and could be made canonical too:
 * the reading of a local or of a lane. Values join in locals, at labels and in `select`. A use that sees bits marks its
 * node, and marks go down to the sources. A site stops them if nothing but made values comes in there, and if that is
 * cheaper than at the sources; what it weighs is a guess by loop depth, which correctness does not depend on.
 */
export class ValueGraph {
  readonly fixes: Fixes = { offsets: [], shapes: [], locals: [] }
  #count = FIRST
  #edgeCount = 1
  #types = new Uint8Array(256)
  /** {@link KIND} bits that come in */
  #kinds = new Uint8Array(256)
  /** kinds that pass through; others turn into `RAW`, because lanes of another shape are cut apart here */
  #passes = new Uint8Array(256)
  /** made kinds whose bits are seen */
  #seen = new Uint8Array(256)
  #shapes = new Uint8Array(256)
  #offsets = new Uint32Array(256)
  #locals = new Int32Array(256)
  /** a guess at how often fixing all that comes in here runs, and fixing at the sites that read it */
  #costs = new Float64Array(256)
  #siteCosts = new Float64Array(256)
  #firstChild = new Uint32Array(256)
  #firstParent = new Uint32Array(256)
  #edgeParent = new Uint32Array(256)
  #edgeChild = new Uint32Array(256)
  #nextChild = new Uint32Array(256)
  #nextParent = new Uint32Array(256)
  readonly #work: number[] = []
  readonly #marked: number[] = []

  /** Forgets the function before. */
  clear(): void {
    this.#count = FIRST
    this.#edgeCount = 1
    this.#marked.length = 0
    this.fixes.offsets.length = 0
    this.fixes.shapes.length = 0
    this.fixes.locals.length = 0
  }

  /** A value that the instruction before `offset` makes. */
  source(shape: number, offset: number, cost: number): number {
    const node = this.#node(SOURCE, shape & ALL_MADE, ALL_MADE)
    if (node === RAW) {
      this.#fix(offset, shape, ON_STACK)
      return RAW
    }
    this.#shapes[node] = shape
    this.#offsets[node] = offset
    this.#costs[node] = cost
    return node
  }

  /**
   * The value of `child`, at a place where it can be made canonical: before `offset`, in a local or on the stack.
   *
   * @param types - the {@link KIND}s that the type of the value can hold
   */
  site(child: number, types: number, offset: number, local: number, cost: number): number {
    if (child <= RAW) return child
    const node = this.#node(SITE, 0, types | KIND.RAW)
    if (node === RAW) {
      this.see(child, ALL_MADE)
      return RAW
    }
    this.#shapes[node] = types === ALL_MADE ? VECTOR : 0
    this.#offsets[node] = offset
    this.#locals[node] = local
    this.#costs[node] = cost
    this.flow(child, node)
    return node
  }

  /** A value that others flow into; `kinds` is what it holds by itself. */
  join(kinds: number, passes: number = ALL_MADE): number {
    return this.#node(JOIN, kinds, passes | KIND.RAW)
  }

  /** Lets the value of `child` come in at `parent`. */
  flow(child: number, parent: number): void {
    if (parent <= RAW) {
      this.see(child, ALL_MADE)
      return
    }
    if (child === NUMBER) return
    if (child === RAW) {
      this.#kinds[parent] = (this.#kinds[parent] as number) | KIND.RAW
      return
    }
    if (this.#edgeCount === this.#edgeChild.length) this.#growEdges()
    const edge = this.#edgeCount++
    this.#edgeParent[edge] = parent
    this.#edgeChild[edge] = child
    this.#nextChild[edge] = this.#firstChild[parent] as number
    this.#firstChild[parent] = edge
    this.#nextParent[edge] = this.#firstParent[child] as number
    this.#firstParent[child] = edge
    if (this.#types[parent] === JOIN)
      this.#costs[parent] = (this.#costs[parent] as number) + (this.#costs[child] as number)
  }

  /** Notes a use of `node` that sees the bits of made values of `kinds`. */
  see(node: number, kinds: number): void {
    const fresh = kinds & ~(this.#seen[node] as number)
    if (node <= RAW || fresh === 0) return
    this.#seen[node] = (this.#seen[node] as number) | fresh
    this.#marked.push(node)
  }

  /** Decides where to make NaNs canonical; the answer is valid until the next function. */
  solve(): Fixes {
    if (this.#marked.length === 0) return this.fixes
    // Those that went beyond the nodes stand behind all others.
    const tail = this.fixes.offsets.length > 0 ? this.#takeFixes() : NO_FIXES
    this.#spreadKinds()
    for (let node = this.#marked.pop(); node !== undefined; node = this.#marked.pop()) this.#seeThrough(node)
    for (let node = FIRST; node < this.#count; node++) {
      const seen = this.#seen[node] as number
      if (seen === 0) continue
      if (this.#types[node] === SOURCE) {
        const shape = this.#shapes[node] as number
        if ((shape & seen) !== 0) this.#fix(this.#offsets[node] as number, shape, ON_STACK)
      } else if (this.#types[node] === SITE) {
        const kind = this.#fixableKind(node) & seen
        const child = this.#edgeChild[this.#firstChild[node] as number] as number
        if (kind === 0 || ((this.#seen[child] as number) & kind) !== 0) continue
        const shape = kind | (this.#shapes[node] as number)
        this.#fix(this.#offsets[node] as number, shape, this.#locals[node] as number)
      }
    }
    for (const [index, offset] of tail.offsets.entries()) this.#fix(offset, tail.shapes[index] as number, ON_STACK)
    return this.fixes
  }

  #takeFixes(): Fixes {
    const { offsets, shapes, locals } = this.fixes
    return { offsets: offsets.splice(0), shapes: shapes.splice(0), locals: locals.splice(0) }
  }

  #spreadKinds(): void {
    const work = this.#work
    for (let node = FIRST; node < this.#count; node++) if (this.#kinds[node] !== 0) work.push(node)
    for (let node = work.pop(); node !== undefined; node = work.pop()) {
      const kinds = this.#kinds[node] as number
      for (let edge = this.#firstParent[node] as number; edge !== 0; edge = this.#nextParent[edge] as number) {
        const parent = this.#edgeParent[edge] as number
        const passes = this.#passes[parent] as number
        const before = this.#kinds[parent] as number
        const after = before | (kinds & passes) | ((kinds & ~passes) === 0 ? 0 : KIND.RAW)
        if (after === before) continue
        this.#kinds[parent] = after
        work.push(parent)
      }
    }
  }

  #seeThrough(node: number): void {
    const seen = this.#seen[node] as number
    if (this.#types[node] === SITE) {
      const child = this.#edgeChild[this.#firstChild[node] as number] as number
      const kind = this.#fixableKind(node)
      if (kind === 0) {
        this.see(child, seen)
      } else if ((kind & seen) !== 0) {
        const cost = (this.#siteCosts[child] as number) + (this.#costs[node] as number)
        this.#siteCosts[child] = cost
        if (cost > (this.#costs[child] as number)) this.see(child, kind)
      }
      return
    }
    for (let edge = this.#firstChild[node] as number; edge !== 0; edge = this.#nextChild[edge] as number) {
      this.see(this.#edgeChild[edge] as number, seen)
    }
  }

  /** The one made kind that comes in at a site, 0 if that is not all. */
  #fixableKind(node: number): number {
    const kinds = this.#kinds[node] as number
    return kinds === KIND.MADE_F32 || kinds === KIND.MADE_F64 ? kinds : 0
  }

  #fix(offset: number, shape: number, local: number): void {
    this.fixes.offsets.push(offset)
    this.fixes.shapes.push(shape)
    this.fixes.locals.push(local)
  }

  #node(type: number, kinds: number, passes: number): number {
    if (this.#count === NODES_MAX) return RAW
    if (this.#count === this.#types.length) this.#growNodes()
    const node = this.#count++
    this.#types[node] = type
    this.#kinds[node] = kinds
    this.#passes[node] = passes
    this.#seen[node] = 0
    this.#shapes[node] = 0
    this.#locals[node] = ON_STACK
    this.#costs[node] = 0
    this.#siteCosts[node] = 0
    this.#firstChild[node] = 0
    this.#firstParent[node] = 0
    return node
  }

  #growNodes(): void {
    const size = this.#types.length * 2
    this.#types = grown(this.#types, new Uint8Array(size))
    this.#kinds = grown(this.#kinds, new Uint8Array(size))
    this.#passes = grown(this.#passes, new Uint8Array(size))
    this.#seen = grown(this.#seen, new Uint8Array(size))
    this.#shapes = grown(this.#shapes, new Uint8Array(size))
    this.#offsets = grown(this.#offsets, new Uint32Array(size))
    this.#locals = grown(this.#locals, new Int32Array(size))
    this.#costs = grown(this.#costs, new Float64Array(size))
    this.#siteCosts = grown(this.#siteCosts, new Float64Array(size))
    this.#firstChild = grown(this.#firstChild, new Uint32Array(size))
    this.#firstParent = grown(this.#firstParent, new Uint32Array(size))
  }

  #growEdges(): void {
    const size = this.#edgeChild.length * 2
    this.#edgeParent = grown(this.#edgeParent, new Uint32Array(size))
    this.#edgeChild = grown(this.#edgeChild, new Uint32Array(size))
    this.#nextChild = grown(this.#nextChild, new Uint32Array(size))
    this.#nextParent = grown(this.#nextParent, new Uint32Array(size))
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from)
  return to
}
