/** Writes its arguments, each on a line, then stdin as WASI reads it, and as `blockless_memory` does. */
export const SHOWS_INPUT = `(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "blockless_memory" "memory_read" (func $memory (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $show (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (drop (call $sizes (i32.const 12) (i32.const 16)))
    (drop (call $args (i32.const 1000) (i32.const 2000)))
    (call $show (i32.const 2000) (i32.load (i32.const 16)))
    (drop (call $env_sizes (i32.const 12) (i32.const 16)))
    (drop (call $env (i32.const 1000) (i32.const 2000)))
    (call $show (i32.const 2000) (i32.load (i32.const 16)))
    (i32.store (i32.const 0) (i32.const 3000))
    (i32.store (i32.const 4) (i32.const 1000))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 20)))
    (call $show (i32.const 3000) (i32.load (i32.const 20)))
    (drop (call $memory (i32.const 4000) (i32.const 1000) (i32.const 20)))
    (call $show (i32.const 4000) (i32.load (i32.const 20)))))`

/** Shows \`f.txt\` of its second directory, or of its root if \`root\` is called; exits with the error if it cannot. */
export const SHOWS_FILE = `(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\00\\01\\00\\00\\ff\\00\\00\\00")
  (data (i32.const 64) "f.txt")
  (func (export "root") (call $show (i32.const 3)))
  (func (export "_start") (call $show (i32.const 4)))
  (func (export "make")
    (call $exit (call $open (i32.const 4) (i32.const 0) (i32.const 64) (i32.const 5)
      (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16))))
  (func $show (param $dir i32) (local $error i32)
    (local.set $error (call $open (local.get $dir) (i32.const 0) (i32.const 64) (i32.const 5)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
    (if (local.get $error) (then (call $exit (local.get $error))))
    (if (call $read (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 20))
      (then (call $exit (i32.const 99))))
    (i32.store (i32.const 4) (i32.load (i32.const 20)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24)))))`

/** Asks a URL with GET, writes the body, and exits with the error if it cannot. */
export function getsUrl(url: string): string {
  return `(module
  (import "blockless_http" "http_req" (func $request (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "blockless_http" "http_read_body" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\00\\10\\00\\00")
  (data (i32.const 64) "{\\"method\\":\\"GET\\"}")
  (data (i32.const 128) "${url}")
  (func (export "_start") (local $error i32)
    (local.set $error (call $request (i32.const 128) (i32.const ${url.length}) (i32.const 64) (i32.const 16)
      (i32.const 16) (i32.const 20)))
    (if (local.get $error) (then (call $exit (local.get $error))))
    (drop (call $read (i32.load (i32.const 16)) (i32.const 4096) (i32.const 4096) (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24)))))`
}

/** Offers \`add\` to the program that links it, and uses it. */
export const ADDS = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
/** @see ADDS */
export const USES_ADD = `(module
  (import "lib" "add" (func $add (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func (export "_start") (call $exit (call $add (i32.const 40) (i32.const 2))))
  (func (export "other") (call $exit (i32.const 7))))`

/** A module whose entry does this. */
export function doing(body: string): string {
  return `(module (memory (export "memory") 1) (table 1 funcref) (type $other (func (param i64)))
  (func $f) (elem declare func $f)
  (func (export "_start") ${body}))`
}
