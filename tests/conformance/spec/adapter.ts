import type { NumericType, Value } from './value.ts'
import { OPAQUE } from './value.ts'
import { compileText } from './wat.ts'

/** A function of the guest, called with values and giving back values. */
export type Call = (args: readonly Value[]) => Value[]

/** Bytes of a parameter or result in the adapter's memory: the largest is a vector. */
const SLOT_SIZE = 16
const NUMERIC: ReadonlySet<string> = new Set(['i32', 'i64', 'f32', 'f64', 'v128'])
/** References that JavaScript may hold. */
const VISIBLE: ReadonlySet<string> = new Set(['funcref', 'externref'])
const modules = new Map<string, WebAssembly.Module | undefined>()

/**
 * Wraps a function so that no bit is lost on the way: JavaScript has neither vectors nor the payload of a NaN. Numbers go
 * through the memory of a small module that imports the function; references are handed over as they are.
 *
 * @param signature - as the decoder spells it, such as `(i32, v128) -> (f32)`
 */
export function adapt(exported: (...args: unknown[]) => unknown, signature: string): Call {
  const [params, results] = parseSignature(signature)
  const module = adapterModule(params, results)
  if (module === undefined) return callDirectly(exported, results)
  const { memory, run } = new WebAssembly.Instance(module, { guest: { exported } }).exports as {
    memory: WebAssembly.Memory
    run: (...references: unknown[]) => unknown
  }
  return (args) => {
    const view = new DataView(memory.buffer)
    for (const [index, arg] of args.entries()) {
      if (arg.type === 'ref') continue
      view.setBigUint64(index * SLOT_SIZE, BigInt.asUintN(64, arg.bits), true)
      view.setBigUint64(index * SLOT_SIZE + 8, arg.bits >> 64n, true)
    }
    const returned = run(...args.flatMap((arg) => (arg.type === 'ref' ? [arg.value] : [])))
    const references = Array.isArray(returned) ? (returned as unknown[]) : [returned]
    return results.map((type, index) => {
      if (VISIBLE.has(type)) return { type: 'ref', value: references.shift() }
      const bits = readBits(view, index * SLOT_SIZE, type)
      return NUMERIC.has(type)
        ? { type: type as NumericType, bits }
        : { type: 'ref', value: bits === 0n ? OPAQUE : null }
    })
  }
}

/** The value of a global, as exactly as a result of a function. */
export function readGlobal(global: WebAssembly.Global, type: string): Value {
  if (!NUMERIC.has(type)) return { type: 'ref', value: global.value }
  const mutable = [`(mut ${type})`, type]
  for (const globalType of mutable) {
    try {
      const text = `(module (import "guest" "global" (global $g ${globalType}))
        (func (export "run") (result ${type}) global.get $g))`
      const instance = new WebAssembly.Instance(new WebAssembly.Module(compileText(text)), { guest: { global } })
      const [value] = adapt(instance.exports['run'] as () => unknown, `() -> (${type})`)([])
      if (value !== undefined) return value
    } catch (error) {
      if (!(error instanceof WebAssembly.LinkError)) throw error
    }
  }
  throw new TypeError(`Cannot read a global: it is not of type ${type}`)
}

function parseSignature(signature: string): [params: string[], results: string[]] {
  const split = signature.indexOf(' -> ')
  const types = (list: string): string[] => (list === '()' ? [] : list.slice(1, -1).split(', '))
  return [types(signature.slice(0, split)), types(signature.slice(split + 4))]
}

/** Undefined if a type is one that the text compiler or JavaScript does not know. */
function adapterModule(params: readonly string[], results: readonly string[]): WebAssembly.Module | undefined {
  const key = `${params.join()}>${results.join()}`
  if (modules.has(key)) return modules.get(key)
  const isKnown = (type: string): boolean => NUMERIC.has(type) || VISIBLE.has(type)
  const canAdapt = params.every(isKnown) && results.every((type) => isKnown(type) || type === 'exnref')
  const module = canAdapt ? new WebAssembly.Module(compileText(adapterText(params, results))) : undefined
  modules.set(key, module)
  return module
}

function adapterText(params: readonly string[], results: readonly string[]): string {
  const references = params.filter((type) => VISIBLE.has(type))
  let referenceCount = 0
  const pushed = params.map((type, index) => {
    if (VISIBLE.has(type)) return `local.get ${referenceCount++}`
    return `i32.const 0 ${type}.load offset=${index * SLOT_SIZE}`
  })
  const local = (index: number): string => `$r${index}`
  const popped = results.map((_, index) => `local.set ${local(index)}`).reverse()
  const stored = results.flatMap((type, index) => {
    const offset = `offset=${index * SLOT_SIZE}`
    if (NUMERIC.has(type)) return [`i32.const 0 local.get ${local(index)} ${type}.store ${offset}`]
    return VISIBLE.has(type) ? [] : [`i32.const 0 local.get ${local(index)} ref.is_null i32.store ${offset}`]
  })
  const visible = results.flatMap((type, index) => (VISIBLE.has(type) ? [{ type, index }] : []))
  return `(module
    (import "guest" "exported" (func $exported (param ${params.join(' ')}) (result ${results.join(' ')})))
    (memory (export "memory") 1)
    (func (export "run") (param ${references.join(' ')}) (result ${visible.map(({ type }) => type).join(' ')})
      ${results.map((type, index) => `(local ${local(index)} ${type})`).join(' ')}
      ${pushed.join('\n')}
      call $exported
      ${popped.join('\n')}
      ${stored.join('\n')}
      ${visible.map(({ index }) => `local.get ${local(index)}`).join('\n')}))`
}

function readBits(view: DataView, at: number, type: string): bigint {
  if (type === 'v128') return view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n)
  return type === 'i64' || type === 'f64' ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true))
}

/** For functions whose types name the guest's own ones; a NaN may lose its payload here. */
function callDirectly(exported: (...args: unknown[]) => unknown, results: readonly string[]): Call {
  return (args) => {
    const returned = exported(...args.map(toHost))
    const values = results.length > 1 ? (returned as unknown[]) : results.length === 1 ? [returned] : []
    return values.map((value, index) => fromHost(value, results[index] as string))
  }
}

function toHost(value: Value): unknown {
  if (value.type === 'ref') return value.value
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt.asUintN(64, value.bits), true)
  if (value.type === 'i32') return view.getInt32(0, true)
  if (value.type === 'f32') return view.getFloat32(0, true)
  return value.type === 'f64' ? view.getFloat64(0, true) : view.getBigInt64(0, true)
}

function fromHost(value: unknown, type: string): Value {
  if (!NUMERIC.has(type)) return { type: 'ref', value }
  const view = new DataView(new ArrayBuffer(8))
  if (type === 'i32') view.setInt32(0, value as number, true)
  else if (type === 'f32') view.setFloat32(0, value as number, true)
  else if (type === 'f64') view.setFloat64(0, value as number, true)
  else view.setBigInt64(0, value as bigint, true)
  return { type: type as NumericType, bits: readBits(view, 0, type) }
}
