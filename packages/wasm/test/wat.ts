import wabtInit from 'wabt'

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
  extended_const: true,
  memory64: true,
  multi_memory: true,
  relaxed_simd: true,
  custom_page_sizes: true,
}

/** The module that a text in the WebAssembly text format stands for. */
export function wat(text: string, options: { names?: boolean } = {}): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat('test.wat', text, FEATURES)
  try {
    return Uint8Array.from(module.toBinary({ write_debug_names: options.names ?? false }).buffer)
  } finally {
    module.destroy()
  }
}
