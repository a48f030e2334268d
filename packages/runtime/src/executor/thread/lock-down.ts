/** Scopes a thread gives up once it has loaded its program; the rest was never granted. */
const GRANTED = ['fs.read', 'worker'] as const

/**
 * Gives up, for this thread and for good, what it needed to start: reading its program's files, starting threads.
 *
 * @param kept - scopes that this thread goes on using
 * @throws {Error} if a permission is still there, which must never go unseen
 */
export function lockDown(kept: readonly (typeof GRANTED)[number][] = []): void {
  for (const scope of GRANTED) if (!kept.includes(scope)) process.permission.drop(scope)
  for (const scope of ['fs.read', 'fs.write', 'child', 'net', 'addon', 'wasi', 'inspector', 'worker'] as const) {
    const isKept = (kept as readonly string[]).includes(scope)
    if (!isKept && process.permission.has(scope))
      throw new Error(`The executor's thread still has permission "${scope}"`)
  }
}
