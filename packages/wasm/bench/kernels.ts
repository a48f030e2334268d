import { main as compileAssemblyScript } from 'assemblyscript/asc'
import wabtInit from 'wabt'
import { APPLICATION_KERNELS } from './application-kernels.ts'

/** A module that exports `run(size) -> i32`. */
export interface Kernel {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly size: number
}

/** AssemblyScript, one exported `run` each; `size` makes a run take some 20 to 100 ms. */
const ASSEMBLYSCRIPT: readonly { name: string; size: number; source: string }[] = [
  {
    name: 'fib (calls)',
    size: 35,
    source: `export function run(n: i32): i32 { return n < 2 ? n : run(n - 1) + run(n - 2) }`,
  },
  {
    name: 'sieve (memory)',
    size: 2_000_000,
    source: `export function run(n: i32): i32 {
  const flags = new StaticArray<u8>(n + 1)
  let count = 0
  for (let i = 2; i <= n; i++) {
    if (unchecked(flags[i]) == 0) { count++; for (let j = i + i; j <= n; j += i) unchecked(flags[j] = 1) }
  }
  return count
}`,
  },
  {
    name: 'matrix (f64)',
    size: 300,
    source: `export function run(n: i32): i32 {
  const a = new StaticArray<f64>(n * n), b = new StaticArray<f64>(n * n), c = new StaticArray<f64>(n * n)
  for (let i = 0; i < n * n; i++) { unchecked(a[i] = <f64>i); unchecked(b[i] = <f64>(i % 7)) }
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
    let sum = 0.0
    for (let k = 0; k < n; k++) sum += unchecked(a[i * n + k]) * unchecked(b[k * n + j])
    unchecked(c[i * n + j] = sum)
  }
  return <i32>unchecked(c[n + 1])
}`,
  },
  {
    name: 'sha256 (i32, straight line)',
    size: 40_000,
    source: `const K: StaticArray<u32> = new StaticArray<u32>(64)
const W: StaticArray<u32> = new StaticArray<u32>(64)
function rotr(x: u32, n: u32): u32 { return (x >> n) | (x << (32 - n)) }
function block(h: StaticArray<u32>): void {
  for (let i = 16; i < 64; i++) {
    const x = unchecked(W[i - 15]), y = unchecked(W[i - 2])
    unchecked(W[i] = W[i - 16] + (rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3)) + W[i - 7] + (rotr(y, 17) ^ rotr(y, 19) ^ (y >> 10)))
  }
  let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], z = h[7]
  for (let i = 0; i < 64; i++) {
    const t1 = z + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + unchecked(K[i]) + unchecked(W[i])
    const t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    z = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2
  }
  h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += z
}
export function run(n: i32): i32 {
  const h = new StaticArray<u32>(8)
  for (let i = 0; i < 64; i++) unchecked(K[i] = i * 0x9e3779b9)
  for (let i = 0; i < n; i++) { for (let j = 0; j < 16; j++) unchecked(W[j] = i * j); block(h) }
  return h[0]
}`,
  },
  {
    name: 'interpreter (br_table, stack machine)',
    size: 400_000,
    // x = 0; i = n; while (i != 0) { x = (x + i * i) ^ (x << 1); if (x & 1) x = x - 3; i = i - 1 }
    source: `const code: StaticArray<u8> = [
  1, 0, 3, 0,
  2, 1, 13, 47,
  2, 0, 2, 1, 2, 1, 6, 4, 2, 0, 1, 1, 10, 9, 3, 0,
  2, 0, 1, 1, 7, 13, 38, 2, 0, 1, 3, 5, 3, 0,
  2, 1, 1, 1, 5, 3, 1, 12, 4, 0]
const stack: StaticArray<i32> = new StaticArray<i32>(64)
const vars: StaticArray<i32> = new StaticArray<i32>(8)
export function run(n: i32): i32 {
  unchecked(vars[1] = n)
  let pc = 0, sp = 0, left = n * 30 + 30
  while (left-- > 0) {
    const op = unchecked(code[pc++])
    switch (op) {
      case 0: return unchecked(vars[0])
      case 1: unchecked(stack[sp++] = code[pc++]); break
      case 2: unchecked(stack[sp++] = vars[code[pc++]]); break
      case 3: unchecked(vars[code[pc++]] = stack[--sp]); break
      case 4: sp--; unchecked(stack[sp - 1] = stack[sp - 1] + stack[sp]); break
      case 5: sp--; unchecked(stack[sp - 1] = stack[sp - 1] - stack[sp]); break
      case 6: sp--; unchecked(stack[sp - 1] = stack[sp - 1] * stack[sp]); break
      case 7: sp--; unchecked(stack[sp - 1] = stack[sp - 1] & stack[sp]); break
      case 8: sp--; unchecked(stack[sp - 1] = stack[sp - 1] | stack[sp]); break
      case 9: sp--; unchecked(stack[sp - 1] = stack[sp - 1] ^ stack[sp]); break
      case 10: sp--; unchecked(stack[sp - 1] = stack[sp - 1] << stack[sp]); break
      case 11: sp--; unchecked(stack[sp - 1] = stack[sp - 1] >> stack[sp]); break
      case 12: pc = unchecked(code[pc]); break
      case 13: if (unchecked(stack[--sp]) == 0) pc = unchecked(code[pc]); else pc++; break
      case 14: if (unchecked(stack[--sp]) != 0) pc = unchecked(code[pc]); else pc++; break
      case 15: unchecked(stack[sp] = stack[sp - 1]); sp++; break
      default: return -1
    }
  }
  return unchecked(vars[0])
}`,
  },
  {
    name: 'quicksort (recursion, memory)',
    size: 200_000,
    source: `function sort(a: StaticArray<i32>, from: i32, to: i32): void {
  if (from >= to) return
  const pivot = unchecked(a[(from + to) >> 1])
  let i = from, j = to
  while (i <= j) {
    while (unchecked(a[i]) < pivot) i++
    while (unchecked(a[j]) > pivot) j--
    if (i <= j) { const t = unchecked(a[i]); unchecked(a[i] = a[j]); unchecked(a[j] = t); i++; j-- }
  }
  sort(a, from, j); sort(a, i, to)
}
export function run(n: i32): i32 {
  const a = new StaticArray<i32>(n)
  let x: u32 = 1
  for (let i = 0; i < n; i++) { x = x * 1664525 + 1013904223; unchecked(a[i] = <i32>(x >> 1)) }
  sort(a, 0, n - 1)
  return a[n >> 1]
}`,
  },
  {
    name: 'objects (virtual calls, allocation)',
    size: 300_000,
    source: `abstract class Shape { abstract area(): f64 }
class Square extends Shape { constructor(public side: f64) { super() } area(): f64 { return this.side * this.side } }
class Circle extends Shape { constructor(public radius: f64) { super() } area(): f64 { return this.radius * 3.14 } }
export function run(n: i32): i32 {
  let sum = 0.0
  for (let i = 0; i < n; i++) {
    const shape: Shape = i & 1 ? new Square(<f64>i) : new Circle(<f64>i)
    for (let j = 0; j < 8; j++) sum += shape.area()
  }
  return <i32>(sum % 1000.0)
}`,
  },
  {
    name: 'strings (runtime library, memory.copy)',
    size: 30_000,
    source: `export function run(n: i32): i32 {
  let total = 0
  for (let i = 0; i < n; i++) { const s = 'item-' + i.toString() + ';'; total += s.indexOf('7') + s.length }
  return total
}`,
  },
  {
    name: 'mandelbrot (f64, short loop)',
    size: 300,
    source: `export function run(n: i32): i32 {
  let inside = 0
  for (let py = 0; py < n; py++) for (let px = 0; px < n; px++) {
    const cx = <f64>px / n * 3.0 - 2.0, cy = <f64>py / n * 2.0 - 1.0
    let x = 0.0, y = 0.0, k = 0
    while (x * x + y * y <= 4.0 && k < 100) { const t = x * x - y * y + cx; y = 2.0 * x * y + cy; x = t; k++ }
    if (k == 100) inside++
  }
  return inside
}`,
  },
]

const INDIRECT = `(module
  (type $op (func (param i32) (result i32)))
  (table funcref (elem $inc $dec $dbl $inv))
  (func $inc (type $op) (i32.add (local.get 0) (i32.const 1)))
  (func $dec (type $op) (i32.sub (local.get 0) (i32.const 3)))
  (func $dbl (type $op) (i32.shl (local.get 0) (i32.const 1)))
  (func $inv (type $op) (i32.xor (local.get 0) (i32.const 0x5555)))
  (func (export "run") (param $n i32) (result i32) (local $x i32)
    (loop $again
      (local.set $x (call_indirect (type $op) (local.get $x) (i32.and (local.get $n) (i32.const 3))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x)))`

/** Compiles every kernel. */
export async function compileKernels(): Promise<Kernel[]> {
  const kernels: Kernel[] = []
  for (const { name, size, source } of [...ASSEMBLYSCRIPT, ...APPLICATION_KERNELS])
    kernels.push({ name, size, bytes: await compile(source) })
  const wabt = await wabtInit()
  const module = wabt.parseWat('indirect.wat', INDIRECT)
  const bytes = new Uint8Array(module.toBinary({}).buffer)
  kernels.push({ name: 'indirect (call_indirect only)', size: 10_000_000, bytes })
  return kernels
}

async function compile(source: string): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined
  const { error, stderr } = await compileAssemblyScript(
    ['kernel.ts', '-O3', '--runtime', 'incremental', '--outFile', 'kernel.wasm', '--use', 'abort='],
    {
      readFile: (name: string) => (name === 'kernel.ts' ? source : null),
      writeFile: (_name: string, contents: Uint8Array | string) => {
        if (typeof contents !== 'string') binary = Uint8Array.from(contents)
      },
      listFiles: () => [],
    },
  )
  if (error !== null || binary === undefined) throw new Error(`Cannot compile kernel: ${stderr}`)
  return binary
}
