import { PROFILE_EXPORT, PROFILE_HOOK } from '@blockless/wasm'
import { wat } from '../wat.ts'

const HOOKS = new WebAssembly.Module(
  wat(`(module
    (import "host" "enter" (func $enter (param i32 f64) (result i32)))
    (import "host" "unwind" (func $unwind (param i32 f64)))
    (export "enter" (func $enter)) (export "unwind" (func $unwind)))`),
)

/** The plain way to collect a profile: fuel by path, a path being function indices joined by `;`. */
export class ProfileCollector {
  readonly #selfByPath = new Map<string, number>()
  readonly #frames: number[] = []
  #left: number

  /** @param limit - fuel at the start */
  constructor(limit: number) {
    this.#left = limit
  }

  /** Frames that are open. */
  get depth(): number {
    return this.#frames.length
  }

  /** Sets the hooks of an instance. */
  attach(exports: WebAssembly.Exports): void {
    const table = exports[PROFILE_EXPORT] as WebAssembly.Table
    const enter = (index: number, left: number): number => {
      this.#advance(left)
      return this.#frames.push(index) - 1
    }
    const unwind = (depth: number, left: number): void => {
      this.#advance(left)
      this.#frames.length = Math.min(this.#frames.length, depth)
    }
    const { exports: hooks } = new WebAssembly.Instance(HOOKS, { host: { enter, unwind } })
    table.set(PROFILE_HOOK.ENTER, hooks['enter'])
    table.set(PROFILE_HOOK.UNWIND, hooks['unwind'])
  }

  /** Ends the run. @returns fuel by path, without paths that used none */
  finish(left: number): Record<string, number> {
    this.#advance(left)
    return Object.fromEntries([...this.#selfByPath].sort())
  }

  #advance(left: number): void {
    const now = Math.max(left, 0)
    const path = this.#frames.join(';')
    if (now !== this.#left) this.#selfByPath.set(path, (this.#selfByPath.get(path) ?? 0) + this.#left - now)
    this.#left = now
  }
}
