import type { Dice } from '../support/dice.ts'

/**
 * What the parameters of a function mean: `d` descriptor, `p` pointer to a result, `s` pointer to text, `n` size of text,
 * `v` pointer to vectors, `c` count, `z` size of a buffer, `f` flags, `l` whether links are followed,
 * `h` how to open, `k` a clock, all i32; `o` an offset, size or time,
 * `r` rights, both i64.
 */
const FUNCTIONS: readonly (readonly [name: string, parameters: string])[] = [
  ['args_get', 'pp'],
  ['args_sizes_get', 'pp'],
  ['clock_res_get', 'kp'],
  ['clock_time_get', 'kop'],
  ['environ_get', 'pp'],
  ['environ_sizes_get', 'pp'],
  ['fd_advise', 'doof'],
  ['fd_allocate', 'doo'],
  ['fd_close', 'd'],
  ['fd_datasync', 'd'],
  ['fd_fdstat_get', 'dp'],
  ['fd_fdstat_set_flags', 'df'],
  ['fd_fdstat_set_rights', 'drr'],
  ['fd_filestat_get', 'dp'],
  ['fd_filestat_set_size', 'do'],
  ['fd_filestat_set_times', 'doof'],
  ['fd_pread', 'dvcop'],
  ['fd_prestat_dir_name', 'dpz'],
  ['fd_prestat_get', 'dp'],
  ['fd_pwrite', 'dvcop'],
  ['fd_read', 'dvcp'],
  ['fd_readdir', 'dpzop'],
  ['fd_renumber', 'dd'],
  ['fd_seek', 'dofp'],
  ['fd_sync', 'd'],
  ['fd_tell', 'dp'],
  ['fd_write', 'dvcp'],
  ['path_create_directory', 'dsn'],
  ['path_filestat_get', 'dlsnp'],
  ['path_filestat_set_times', 'dlsnoof'],
  ['path_link', 'dlsndsn'],
  ['path_open', 'dlsnhrrfp'],
  ['path_readlink', 'dsnpzp'],
  ['path_remove_directory', 'dsn'],
  ['path_rename', 'dsndsn'],
  ['path_symlink', 'sndsn'],
  ['path_unlink_file', 'dsn'],
  ['poll_oneoff', 'ppcp'],
  ['proc_raise', 'c'],
  ['random_get', 'pz'],
  ['sched_yield', ''],
  ['sock_accept', 'dfp'],
  ['sock_recv', 'dvcfpp'],
  ['sock_send', 'dvcfp'],
  ['sock_shutdown', 'df'],
]
/** Making, opening, writing and moving files: without many of these, the other calls have nothing to work on. */
const COMMON: readonly string[] = ['path_open', 'path_create_directory', 'path_rename', 'fd_write', 'path_symlink']

/** `oflags` that make sense: create twice as often, then nothing, directory, truncate, create what is new. */
const OPENINGS: readonly number[] = [1, 1, 0, 2, 8, 5]

const PARAMETERS_MAX = 9
/** A call in an input: the function's number, then its arguments, each as u64. */
const RECORD_SIZE = 8 * (1 + PARAMETERS_MAX)
const CALLS_MAX = 64
const PAGE = 65_536
/** The guest's memory: results and vectors, texts, then the calls; 4 pages. */
const RESULTS_AT = 0
const VECTORS_AT = 512
const TEXTS_AT = 4096
const CALLS_AT = 3 * PAGE
const MEMORY_SIZE = 4 * PAGE
const TEXTS = [
  'a',
  'b',
  'd',
  'd/a',
  'd/b',
  'd/d',
  '..',
  '.',
  'a/',
  'd/../a',
  'l',
  'l/a',
  '/',
  '../../x',
  'ö',
  'x'.repeat(256),
]
const TEXT_ROOM = 272
/** Addresses and sizes that are wrong in the usual ways, or just not. */
const EDGES: readonly number[] = [
  0,
  1,
  PAGE,
  MEMORY_SIZE - 1,
  MEMORY_SIZE,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_fffc,
  0xffff_ffff,
]
const WIDE_EDGES: readonly bigint[] = [0n, 1n, 0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn]

/** A list of calls, most of which make some sense. */
export function makeCalls(dice: Dice): Uint8Array {
  const count = 1 + dice.below(CALLS_MAX)
  const bytes = new Uint8Array(count * RECORD_SIZE)
  const view = new DataView(bytes.buffer)
  for (let call = 0; call < count; call++) {
    const wanted = dice.chance(0.4) ? dice.pick(COMMON) : undefined
    const index = wanted === undefined ? dice.below(FUNCTIONS.length) : FUNCTIONS.findIndex(([name]) => name === wanted)
    const [, parameters] = FUNCTIONS[index] as (typeof FUNCTIONS)[number]
    view.setBigUint64(call * RECORD_SIZE, BigInt(index), true)
    let text = ''
    for (const [at, parameter] of [...parameters].entries()) {
      if (parameter === 's') text = dice.pick(TEXTS)
      view.setBigUint64(call * RECORD_SIZE + 8 * (1 + at), argumentOf(dice, parameter, text), true)
    }
  }
  return bytes
}

function argumentOf(dice: Dice, parameter: string, text: string): bigint {
  if (parameter === 'r') return dice.chance(0.8) ? (1n << 30n) - 1n : BigInt(dice.below(1 << 30))
  if (parameter === 'o') return dice.chance(0.3) ? dice.pick(WIDE_EDGES) : BigInt(dice.below(5000))
  if (dice.chance(0.04)) return BigInt(dice.chance(0.5) ? dice.pick(EDGES) : dice.below(2 ** 32))
  switch (parameter) {
    case 'd':
      return BigInt(dice.chance(0.6) ? 3 : dice.below(9))
    case 's':
      return BigInt(TEXTS_AT + TEXTS.indexOf(text) * TEXT_ROOM)
    case 'n':
      return BigInt(new TextEncoder().encode(text).length)
    case 'v':
      return BigInt(VECTORS_AT + 8 * dice.below(8))
    case 'c':
      return BigInt(dice.below(4))
    case 'z':
      return BigInt(dice.below(300))
    case 'l':
      return BigInt(dice.below(dice.chance(0.9) ? 2 : 4))
    case 'h':
      return BigInt(dice.chance(0.9) ? dice.pick(OPENINGS) : dice.below(32))
    case 'k':
      return BigInt(dice.below(5))
    case 'f':
      return BigInt(dice.chance(0.7) ? dice.below(4) : dice.below(32))
    default:
      return BigInt(RESULTS_AT + 64 + 4 * dice.below(100))
  }
}

/**
 * A guest that makes the calls it finds in stdin, one after the other, and writes all answers mixed into one number to
 * stderr at its end.
 */
export function callerWat(module: 'wasi_snapshot_preview1' | 'wasi_unstable'): string {
  const known = FUNCTIONS.filter(([name]) => module !== 'wasi_unstable' || name !== 'sock_accept')
  const imports = known.map(([name, parameters]) => {
    const types = [...parameters].map((parameter) => ('or'.includes(parameter) ? 'i64' : 'i32')).join(' ')
    return `(import "${module}" "${name}" (func $${name} (param ${types}) (result i32)))`
  })
  const cases = known.map(([name, parameters]) => {
    const values = [...parameters].map((parameter, at) => {
      const load = `i64.load offset=${8 * (1 + at)} (local.get $at)`
      return 'or'.includes(parameter) ? `(${load})` : `(i32.wrap_i64 (${load}))`
    })
    const index = FUNCTIONS.findIndex(([other]) => other === name)
    return `(if (i32.eq (local.get $index) (i32.const ${index})) (then (return (call $${name} ${values.join(' ')}))))`
  })
  const texts = TEXTS.map((text, index) => `(data (i32.const ${TEXTS_AT + index * TEXT_ROOM}) "${text}")`)
  return `(module ${imports.join('\n')}
    (memory (export "memory") ${MEMORY_SIZE / PAGE} ${MEMORY_SIZE / PAGE})
    ${texts.join('\n')}
    ${vectorsData()}
    (func $call (param $at i32) (result i32) (local $index i32)
      (local.set $index (i32.wrap_i64 (i64.load (local.get $at))))
      ${cases.join('\n')}
      (i32.const -1))
    (func (export "_start") (local $at i32) (local $end i32) (local $mixed i32)
      (i32.store (i32.const 0) (i32.const ${CALLS_AT}))
      (i32.store (i32.const 4) (i32.const ${PAGE}))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $at (i32.const ${CALLS_AT}))
      (local.set $end (i32.add (local.get $at) (i32.load (i32.const 8))))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $mixed (i32.add (i32.mul (local.get $mixed) (i32.const 31)) (call $call (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const ${RECORD_SIZE})))
        (br $next)))
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 4))
      (i32.store (i32.const 16) (local.get $mixed))
      (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))))`
}

/** Eight vectors of small sizes into the texts, the last of them far too large. */
function vectorsData(): string {
  const words = Array.from({ length: 8 }, (_, index) => [
    TEXTS_AT + 4 * index,
    index === 7 ? PAGE * 5 : 1 << index,
  ]).flat()
  const bytes = new Uint8Array(Uint32Array.from(words).buffer)
  return `(data (i32.const ${VECTORS_AT}) "${[...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')}")`
}
