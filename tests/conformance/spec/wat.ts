import wabtInit from 'wabt'
import { compile as compileByWatr } from 'watr'

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
 * wabt is asked first, and watr for what wabt does not understand (typed references, recursive types) or turns into what no
 * engine takes; watr alone would not do, as it lacks legacy exceptions and rounds some literals.
 *
 * @param isValid - whether the module is meant to be valid
 * @throws {TypeError} if neither understands the text
 */
export function compileText(text: string, isValid = true): Uint8Array<ArrayBuffer> {
  const bytes = attempt(() => byWabt(text))
  if (bytes !== undefined && (!isValid || WebAssembly.validate(bytes))) return bytes
  const others = attempt(() => Uint8Array.from(compileByWatr(text)))
  if (others !== undefined && (bytes === undefined || WebAssembly.validate(others))) return others
  if (bytes === undefined) throw new TypeError('Cannot compile module: no text compiler understands it')
  return bytes
}

function byWabt(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat('script.wast', text, FEATURES)
  try {
    return Uint8Array.from(module.toBinary({ write_debug_names: false }).buffer)
  } finally {
    module.destroy()
  }
}

function attempt(compile: () => Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  try {
    return compile()
  } catch {
    return undefined
  }
}
