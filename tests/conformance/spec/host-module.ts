import { compileText } from './wat.ts'

const TEXT = `(module
  (func (export "print"))
  (func (export "print_i32") (param i32))
  (func (export "print_i64") (param i64))
  (func (export "print_f32") (param f32))
  (func (export "print_f64") (param f64))
  (func (export "print_i32_f32") (param i32 f32))
  (func (export "print_f64_f64") (param f64 f64))
  (global (export "global_i32") i32 (i32.const 666))
  (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6))
  (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref)
  (memory (export "memory") 1 2))`
const module = new WebAssembly.Module(compileText(TEXT))

/** A new instance of the module `spectest` that every script of the suite may import from. */
export function createHostModule(): WebAssembly.Exports {
  const { exports } = new WebAssembly.Instance(module)
  return {
    ...exports,
    table64: createTable64(),
    shared_memory: new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }),
  }
}

/** A table with 64-bit indices, as the memory64 scripts want; TypeScript does not know them yet. */
function createTable64(): WebAssembly.Table {
  const descriptor: unknown = { element: 'anyfunc', address: 'i64', initial: 10n, maximum: 20n }
  return new WebAssembly.Table(descriptor as WebAssembly.TableDescriptor)
}
