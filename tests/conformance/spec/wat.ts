import { pathToFileURL } from 'node:url'
import wabtInit from 'wabt'

/** Turns a module's text into bytes without validating it; `isValid` says what the module is meant to be. */
export type TextCompiler = (text: string, isValid: boolean) => Uint8Array<ArrayBuffer>

const wabt = await wabtInit()
const FEATURES = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  function_references: true,
  annotations: true,
  extended_const: true,
  memory64: true,
  multi_memory: true,
  relaxed_simd: true,
  gc: true,
}

/**
 * Bytes of a module in the text format, which may be invalid.
 *
 * @throws {Error} with wabt's words if it does not understand the text
 */
export function compileText(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat('script.wast', text, FEATURES)
  try {
    return Uint8Array.from(module.toBinary({ write_debug_names: false }).buffer)
  } finally {
    module.destroy()
  }
}

/**
 * A compiler that asks another library for what wabt does not understand, or understands in a way that no engine takes.
 *
 * @param file - a module that exports `compile(text): Uint8Array`
 */
export async function loadTextCompiler(file: string): Promise<TextCompiler> {
  const loaded: unknown = await import(pathToFileURL(file).href)
  const compile = (loaded as { compile?: unknown }).compile
  if (typeof compile !== 'function') throw new TypeError(`Cannot use "${file}": it exports no function "compile"`)
  return (text, isValid) => {
    const bytes = attempt(() => compileText(text))
    if (bytes !== undefined && (!isValid || WebAssembly.validate(bytes))) return bytes
    const others = attempt(() => Uint8Array.from(compile(text) as Uint8Array))
    if (others !== undefined && (bytes === undefined || WebAssembly.validate(others))) return others
    if (bytes === undefined) throw new TypeError('Cannot compile module: no text compiler understands it')
    return bytes
  }
}

function attempt(compile: () => Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  try {
    return compile()
  } catch {
    return undefined
  }
}
