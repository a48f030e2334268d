import { compileWat } from '@blockless/testing'

/** Bytes of one filler function in {@link helloModule}. */
const FILLER_SIZE = 97

/**
 * A WASI program of about `size` bytes that says hello: most of it is code that is there and does not run, as in programs
 * with a runtime library.
 *
 * @param variant - modules of different variants share no code
 */
export async function helloModule(size: number, variant = 0): Promise<Uint8Array> {
  const filler = Array.from({ length: Math.round(size / FILLER_SIZE) }, (_, index) => {
    const steps = Array.from({ length: 12 }, (_, step) => {
      const constant = 1_000_000 + ((index * 31 + step + variant * 7919) % 1_000_000)
      return `(local.set 0 (i32.mul (local.get 0) (i32.const ${constant})))`
    })
    return `(func (param i32) (result i32) ${steps.join(' ')} (local.get 0))`
  })
  return await compileWat(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 17)
    (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00")
    (data (i32.const 16) "hello\\n")
    ${filler.join('\n')}
    (func (export "_start") (local $i i32)
      (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`)
}

/** Asks the world once, and ends when it is answered. */
export async function askingModule(): Promise<Uint8Array> {
  return await compileWat(`(module
    (import "blockless_http" "http_req" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 64) "http://example.com/")
    (func (export "_start")
      (drop (call $ask (i32.const 64) (i32.const 19) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))))`)
}
