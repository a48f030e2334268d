import { readFile } from 'node:fs/promises'
import createWabt from 'wabt'

/** Names of the fixture functions; each file's first line says what it does. */
export const FIXTURES = ['hello', 'echo', 'spin', 'trap', 'memory-bomb', 'output-bomb', 'exit'] as const

/** @see FIXTURES */
export type FixtureName = (typeof FIXTURES)[number]

/** A fixture function as WebAssembly text. */
export async function fixtureText(name: FixtureName): Promise<string> {
  return await readFile(new URL(`./fixtures/${name}.wat`, import.meta.url), 'utf8')
}

/** A fixture function as a WebAssembly binary, a WASI preview 1 command with `_start`; a fresh array. */
export async function fixture(name: FixtureName): Promise<Uint8Array> {
  return await compileWat(await fixtureText(name))
}

/** What wabt leaves out unless it is asked. */
const FEATURES = { exceptions: true, threads: true }

/**
 * Compiles WebAssembly text to a binary.
 *
 * @param text - a module in the text format; WebAssembly 2.0 with bulk memory, SIMD and the rest of wabt's defaults
 * @throws {Error} with the line if the text is not valid
 */
export async function compileWat(text: string): Promise<Uint8Array> {
  const wabt = await createWabt()
  const module = wabt.parseWat('fixture.wat', text, FEATURES)
  // it takes the features too, which its types do not say
  const validator: { validate(features: object): void } = module
  try {
    validator.validate(FEATURES)
    return module.toBinary({}).buffer
  } finally {
    module.destroy()
  }
}
