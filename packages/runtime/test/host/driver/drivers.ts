import { compileWat } from '@blockless/testing'

/** Gives back what is written to it, behind its URL and options. */
export const JAVASCRIPT = `
  const open_ = new Map()
  export async function open(url, options) {
    if (options === 'denied') throw Object.assign(new Error('no'), { code: 'acces' })
    if (options === 'broken') throw new Error('no code')
    const handle = 40 + open_.size
    open_.set(handle, [Buffer.from(url + ' ' + options)])
    return handle
  }
  export function read(handle, size) {
    const [first] = open_.get(handle)
    if (first === undefined) return new Uint8Array()
    const part = first.subarray(0, size)
    open_.get(handle)[0] = first.subarray(size)
    if (open_.get(handle)[0].length === 0) open_.get(handle).shift()
    return part
  }
  export const write = (handle, bytes) => open_.get(handle).push(Buffer.from(bytes.slice(0, 3))) && Math.min(3, bytes.length)
  export const close = (handle) => void open_.delete(handle)
`

/** One buffer of 64 KiB behind every handle: what was written is read again. */
export const WASM: Uint8Array = await compileWat(`(module
  (memory (export "memory") 4)
  (global $size (mut i32) (i32.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "blockless_open") (param $url i32) (param $urlSize i32) (param i32 i32) (param $handle i32) (result i32)
    (if (i32.eq (i32.load8_u (i32.add (local.get $url) (i32.const 9))) (i32.const 33)) (then (return (i32.const 3))))
    (if (i32.eq (i32.load8_u (i32.add (local.get $url) (i32.const 9))) (i32.const 63)) (then (return (i32.const 99))))
    (if (i32.eq (i32.load8_u (i32.add (local.get $url) (i32.const 9))) (i32.const 42)) (then (loop (br 0))))
    (if (i32.eq (i32.load8_u (i32.add (local.get $url) (i32.const 9))) (i32.const 43)) (then unreachable))
    (i32.store (local.get $handle) (local.get $urlSize))
    (i32.const 0))
  (func (export "blockless_read") (param i32) (param $to i32) (param $max i32) (param $count i32) (result i32)
    (if (i32.gt_u (global.get $size) (local.get $max)) (then (return (i32.const 2))))
    (memory.copy (local.get $to) (i32.const 131072) (global.get $size))
    (i32.store (local.get $count) (global.get $size))
    (global.set $size (i32.const 0))
    (i32.const 0))
  (func (export "blockless_write") (param i32) (param $from i32) (param $count i32) (param $result i32) (result i32)
    (memory.copy (i32.const 131072) (local.get $from) (local.get $count))
    (global.set $size (local.get $count))
    (i32.store (local.get $result) (local.get $count))
    (i32.const 0))
  (func (export "blockless_close") (param i32) (result i32) (i32.const 0)))`)

/** Connects to the address after its scheme, and passes on what comes. */
export const PROXY: Uint8Array = await compileWat(`(module
  (import "blockless_socket" "tcp_connect" (func $connect (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "blockless_open") (param $url i32) (param $size i32) (param i32 i32) (param $handle i32) (result i32)
    (if (result i32)
      (call $connect (i32.add (local.get $url) (i32.const 8)) (i32.sub (local.get $size) (i32.const 8)) (local.get $handle))
      (then (i32.const 9)) (else (i32.const 0))))
  (func (export "blockless_read") (param $fd i32) (param $to i32) (param $max i32) (param $count i32) (result i32)
    (i32.store (i32.const 0) (local.get $to))
    (i32.store (i32.const 4) (local.get $max))
    (call $read (local.get $fd) (i32.const 0) (i32.const 1) (local.get $count)))
  (func (export "blockless_write") (param i32 i32 i32 i32) (result i32) (i32.const 3))
  (func (export "blockless_close") (param i32) (result i32) (i32.const 0)))`)

/** Modules that are no drivers. */
export const UNUSABLE: readonly { readonly what: string; readonly source: Uint8Array }[] = [
  { what: 'is damaged', source: Buffer.from('\0asm\x01\0\0\0\x63') },
  { what: 'exports no functions', source: await compileWat('(module (memory (export "memory") 1))') },
  { what: 'wants too much memory', source: await compileWat('(module (memory (export "memory") 2000))') },
  { what: 'imports what there is not', source: await compileWat('(module (import "os" "exec" (func)))') },
]
