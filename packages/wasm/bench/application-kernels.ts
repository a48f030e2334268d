/** What programs do all day, small: simulation, parsing, compression; each checks its own result and traps if it is wrong. */
export const APPLICATION_KERNELS: readonly { name: string; size: number; source: string }[] = [
  {
    name: 'nbody (f64, memory)',
    size: 100_000,
    source: `class Body { x: f64; y: f64; z: f64; vx: f64; vy: f64; vz: f64; mass: f64 }
const DAYS = 365.24, SOLAR = 4.0 * Math.PI * Math.PI
const bodies = new StaticArray<Body>(5)
function body(i: i32, x: f64, y: f64, z: f64, vx: f64, vy: f64, vz: f64, mass: f64): void {
  bodies[i] = { x, y, z, vx: vx * DAYS, vy: vy * DAYS, vz: vz * DAYS, mass: mass * SOLAR }
}
function energy(): f64 {
  let e = 0.0
  for (let i = 0; i < 5; i++) {
    const a = unchecked(bodies[i])
    e += 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
    for (let j = i + 1; j < 5; j++) {
      const b = unchecked(bodies[j]), dx = a.x - b.x, dy = a.y - b.y, dz = a.z - b.z
      e -= a.mass * b.mass / Math.sqrt(dx * dx + dy * dy + dz * dz)
    }
  }
  return e
}
function advance(dt: f64): void {
  for (let i = 0; i < 5; i++) {
    const a = unchecked(bodies[i]), ax = a.x, ay = a.y, az = a.z, am = a.mass
    let vx = a.vx, vy = a.vy, vz = a.vz
    for (let j = i + 1; j < 5; j++) {
      const b = unchecked(bodies[j]), dx = ax - b.x, dy = ay - b.y, dz = az - b.z
      const square = dx * dx + dy * dy + dz * dz
      const mag = dt / (square * Math.sqrt(square))
      const bm = b.mass * mag, m = am * mag
      vx -= dx * bm; vy -= dy * bm; vz -= dz * bm
      b.vx += dx * m; b.vy += dy * m; b.vz += dz * m
    }
    a.vx = vx; a.vy = vy; a.vz = vz
    a.x += dt * vx; a.y += dt * vy; a.z += dt * vz
  }
}
export function run(n: i32): i32 {
  body(0, 0, 0, 0, 0, 0, 0, 1)
  body(1, 4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023, 0.000954791938424326609)
  body(2, 8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -0.00276742510726411, 0.00499852801234917238, 0.0000230417297573763929, 0.000285885980666130812)
  body(3, 12.8943695621391310, -15.1111514016986312, -0.223307578892655734, 0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556, 0.0000436624404335156298)
  body(4, 15.3796971148509165, -25.9193146099879641, 0.179258772950371181, 0.00268067772490389322, 0.00162824170038242295, -0.0000951592254519715870, 0.0000515138902046611451)
  let px = 0.0, py = 0.0, pz = 0.0
  for (let i = 0; i < 5; i++) { const b = bodies[i]; px += b.vx * b.mass; py += b.vy * b.mass; pz += b.vz * b.mass }
  bodies[0].vx = -px / SOLAR; bodies[0].vy = -py / SOLAR; bodies[0].vz = -pz / SOLAR
  const before = energy()
  for (let i = 0; i < n; i++) advance(0.01)
  const after = energy()
  assert(Math.abs(before + 0.169075164) < 1e-8 && Math.abs(before - after) < 1e-4)
  return <i32>(after * 1e9)
}`,
  },
  {
    name: 'json (recursive descent, f64)',
    size: 60,
    // The text is written once; each turn parses all of it and compares what it found with what was written.
    source: `let text = new StaticArray<u8>(0), at = 0, depth = 0, numbers = 0, strings = 0, sum = 0.0, chars: u32 = 0
function put(s: string, to: i32): i32 {
  for (let i = 0; i < s.length; i++) unchecked(text[to + i] = <u8>s.charCodeAt(i))
  return to + s.length
}
function write(records: i32): f64 {
  text = new StaticArray<u8>(records * 128 + 64)
  let to = put('[', 0), expected = 0.0
  for (let i = 0; i < records; i++) {
    if (i > 0) to = put(', ', to)
    to = put('{"id": ', to); to = put(i.toString(), to)
    to = put(', "name": "user\\\\u00e9 \\\\"' + (i * 7919).toString() + '\\\\"", "tags": ["a", "bc", "def"], "score": -', to)
    to = put((i % 977).toString() + '.25e1, "ok": ' + (i & 1 ? 'true' : 'false') + ', "next": null}', to)
    expected += <f64>i - (<f64>(i % 977) + 0.25) * 10.0
  }
  put(']\\0', to)
  return expected
}
function space(): u8 {
  let c = unchecked(text[at])
  while (c == 32 || c == 10 || c == 13 || c == 9) c = unchecked(text[++at])
  return c
}
function quoted(): void {
  strings++
  for (let c = unchecked(text[++at]); c != 34; c = unchecked(text[at])) {
    if (c == 92) {
      c = unchecked(text[++at])
      if (c == 117) {
        let code = 0
        for (let i = 0; i < 4; i++) { const h = unchecked(text[++at]); code = code * 16 + (h <= 57 ? h - 48 : (h | 32) - 87) }
        chars = chars * 31 + code
      } else chars = chars * 31 + c
    } else {
      assert(c >= 32)
      chars = chars * 31 + c
    }
    at++
  }
  at++
}
function number(): f64 {
  let negative = false, value = 0.0, exponent = 0
  if (unchecked(text[at]) == 45) { negative = true; at++ }
  assert(<u32>unchecked(text[at]) - 48 < 10)
  for (let c = unchecked(text[at]); <u32>c - 48 < 10; c = unchecked(text[++at])) value = value * 10.0 + <f64>(c - 48)
  if (unchecked(text[at]) == 46) {
    for (let c = unchecked(text[++at]); <u32>c - 48 < 10; c = unchecked(text[++at])) { value = value * 10.0 + <f64>(c - 48); exponent-- }
  }
  if ((unchecked(text[at]) | 32) == 101) {
    let power = 0
    for (let c = unchecked(text[++at]); <u32>c - 48 < 10; c = unchecked(text[++at])) power = power * 10 + (c - 48)
    exponent += power
  }
  for (; exponent > 0; exponent--) value *= 10.0
  for (; exponent < 0; exponent++) value /= 10.0
  return negative ? -value : value
}
function word(length: i32): void { at += length }
function value(): void {
  assert(++depth < 64)
  const c = space()
  if (c == 123 || c == 91) {
    const close = c + 2
    at++
    if (space() == close) at++
    else for (;;) {
      if (close == 125) { assert(space() == 34); quoted(); assert(space() == 58); at++ }
      value()
      const next = space()
      at++
      if (next == close) break
      assert(next == 44)
    }
  } else if (c == 34) quoted()
  else if (c == 116 || c == 110) word(4)
  else if (c == 102) word(5)
  else { numbers++; sum += number() }
  depth--
}
export function run(n: i32): i32 {
  const records = 1000, expected = write(records)
  for (let i = 0; i < n; i++) {
    at = 0; depth = 0; numbers = 0; strings = 0; sum = 0.0; chars = 0
    value()
    assert(numbers == 2 * records && strings == 10 * records && Math.abs(sum - expected) < 1e-6)
  }
  return chars
}`,
  },
  {
    name: 'lz (compression and back)',
    size: 12,
    // A byte-oriented LZ77 as LZ4 has it: literals, then a match of four bytes or more within 64 KiB, found by a hash table.
    source: `const SIZE = 256 * 1024
function hash(v: u32): u32 { return (v * 2654435761) >> 18 }
function length(out: usize, rest: i32): usize {
  for (; rest >= 255; rest -= 255) store<u8>(out++, 255)
  store<u8>(out++, rest)
  return out
}
function compress(from: usize, size: i32, to: usize, table: usize): usize {
  memory.fill(table, 0, 4 << 14)
  const end = from + size, limit = end - 12
  let p = from, anchor = from, out = to
  while (p < limit) {
    const word = load<u32>(p), slot = table + (<usize>hash(word) << 2), found = from + load<u32>(slot)
    store<u32>(slot, <u32>(p - from))
    if (found >= p || p - found > 65535 || load<u32>(found) != word) { p++; continue }
    let match = 4
    while (p + match < end && load<u8>(found + match) == load<u8>(p + match)) match++
    const literals = <i32>(p - anchor)
    store<u8>(out++, (min(literals, 15) << 4) | min(match - 4, 15))
    if (literals >= 15) out = length(out, literals - 15)
    for (let i = 0; i < literals; i++) store<u8>(out++, load<u8>(anchor + i))
    store<u16>(out, <u16>(p - found)); out += 2
    if (match - 4 >= 15) out = length(out, match - 19)
    p += match; anchor = p
  }
  const literals = <i32>(end - anchor)
  store<u8>(out++, min(literals, 15) << 4)
  if (literals >= 15) out = length(out, literals - 15)
  memory.copy(out, anchor, literals)
  return out + literals
}
function expand(from: usize, end: usize, to: usize): usize {
  let p = from, out = to
  while (true) {
    const token = load<u8>(p++)
    let literals = <i32>(token >> 4)
    if (literals == 15) { let more: u8; do { more = load<u8>(p++); literals += more } while (more == 255) }
    for (let i = 0; i < literals; i++) store<u8>(out++, load<u8>(p++))
    if (p >= end) return out
    const start = out - load<u16>(p)
    p += 2
    let match = <i32>(token & 15) + 4
    if (match == 19) { let more: u8; do { more = load<u8>(p++); match += more } while (more == 255) }
    for (let i = 0; i < match; i++) store<u8>(out++, load<u8>(start + i))
  }
}
export function run(n: i32): i32 {
  const from = heap.alloc(SIZE), packed = heap.alloc(SIZE * 2), back = heap.alloc(SIZE + 64), table = heap.alloc(4 << 14)
  let x: u32 = 7, size = 0
  for (let i = 0; i < SIZE; ) {
    x = x * 1664525 + 1013904223
    const run = min(SIZE - i, 3 + <i32>(x >> 28)), kind = x >> 24 & 3
    for (let j = 0; j < run; j++, i++) store<u8>(from + i, kind == 0 || i < 1000 ? <u8>(x >> (j & 15)) : load<u8>(from + i - 100 - kind * 200))
  }
  for (let i = 0; i < n; i++) {
    const end = compress(from, SIZE, packed, table)
    size = <i32>(end - packed)
    assert(expand(packed, end, back) == back + SIZE && memory.compare(from, back, SIZE) == 0)
  }
  assert(size < SIZE)
  heap.free(from); heap.free(packed); heap.free(back); heap.free(table)
  return size
}`,
  },
]
