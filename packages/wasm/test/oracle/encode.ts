import { GLOBALS, type Instruction, type Program, TYPE_PARAMS_MAX, TYPE_RESULTS_MAX, typeIndex } from './program.ts'

const I32 = 0x7f

function u32(value: number): number[] {
  const out: number[] = []
  let rest = value >>> 0
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return [...out, rest]
}

function s32(value: number): number[] {
  const out: number[] = []
  let rest = value | 0
  while (rest < -0x40 || rest > 0x3f) {
    out.push((rest & 0x7f) | 0x80)
    rest >>= 7
  }
  return [...out, rest & 0x7f]
}

const name = (text: string): number[] => [...u32(text.length), ...Buffer.from(text)]
const vector = (entries: readonly (readonly number[])[]): number[] => [...u32(entries.length), ...entries.flat()]
const section = (id: number, contents: readonly number[]): number[] => [id, ...u32(contents.length), ...contents]

/** The program as a module: imports `env.host`, exports `main`, `callback` and `memory`. */
export function encodeProgram(program: Program): Uint8Array<ArrayBuffer> {
  const types: number[][] = []
  for (let params = 0; params <= TYPE_PARAMS_MAX; params++) {
    for (let results = 0; results <= TYPE_RESULTS_MAX; results++) {
      types.push([0x60, params, ...Array(params).fill(I32), results, ...Array(results).fill(I32)])
    }
  }
  const bodies = program.functions.map(({ locals, body }) => {
    const code = [1, ...u32(locals), I32, ...encodeAll(body), 0x0b]
    return [...u32(code.length), ...code]
  })
  const elements = program.table.map((index) => (index === 0 ? [0xd0, 0x70, 0x0b] : [0xd2, ...u32(index), 0x0b]))
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...name('env'), ...name('host'), 0, typeIndex(1, 1)]])),
    ...section(3, vector(program.functions.map(({ params, results }) => [typeIndex(params, results)]))),
    ...section(4, vector([[0x70, 0, program.table.length]])),
    ...section(5, vector([[1, program.pagesInitial, program.pagesMax]])),
    ...section(13, vector([[0, typeIndex(0, 0)]])),
    ...section(6, vector(Array.from({ length: GLOBALS }, () => [I32, 1, 0x41, 3, 0x0b]))),
    ...section(
      7,
      vector([
        [...name('main'), 0, 1],
        [...name('callback'), 0, 2],
        [...name('memory'), 2, 0],
      ]),
    ),
    ...section(9, vector([[4, 0x41, 0, 0x0b, ...vector(elements)]])),
    ...section(10, vector(bodies)),
  ])
}

function encodeAll(body: readonly Instruction[]): number[] {
  return body.flatMap(encode)
}

const PLAIN = {
  eqz: [0x45],
  drop: [0x1a],
  select: [0x1b],
  nop: [0x01],
  unreachable: [0x00],
  return: [0x0f],
  throw: [0x08, 0],
  'memory.size': [0x3f, 0],
  'memory.grow': [0x40, 0],
  'memory.fill': [0xfc, 11, 0],
  'memory.copy': [0xfc, 10, 0, 0],
} as const
const INDEXED = {
  'local.get': 0x20,
  'local.set': 0x21,
  'local.tee': 0x22,
  'global.get': 0x23,
  'global.set': 0x24,
  call: 0x10,
  return_call: 0x12,
} as const

function blockType(results: number): number[] {
  return results === 0 ? [0x40] : results === 1 ? [I32] : u32(typeIndex(0, results))
}

function encode(instruction: Instruction): number[] {
  switch (instruction.op) {
    case 'const':
      return [0x41, ...s32(instruction.value)]
    case 'binary':
      return [instruction.code]
    case 'load':
      return [0x28, 2, ...u32(instruction.offset)]
    case 'store':
      return [0x36, 2, ...u32(instruction.offset)]
    case 'block':
      return [0x02, ...blockType(instruction.results), ...encodeAll(instruction.body), 0x0b]
    case 'loop':
      return [0x03, ...blockType(instruction.results), ...encodeAll(instruction.body), 0x0b]
    case 'if': {
      const otherwise = instruction.otherwise === undefined ? [] : [0x05, ...encodeAll(instruction.otherwise)]
      return [0x04, ...blockType(instruction.results), ...encodeAll(instruction.body), ...otherwise, 0x0b]
    }
    case 'try':
      return [0x06, 0x40, ...encodeAll(instruction.body), 0x19, ...encodeAll(instruction.handler), 0x0b]
    case 'try_table':
      return [0x1f, 0x40, 1, 2, ...u32(instruction.catchLabel), ...encodeAll(instruction.body), 0x0b]
    case 'br':
      return [0x0c, ...u32(instruction.label)]
    case 'br_if':
      return [0x0d, ...u32(instruction.label)]
    case 'br_table':
      return [0x0e, ...u32(instruction.labels.length - 1), ...instruction.labels.flatMap(u32)]
    case 'call_indirect':
      return [0x11, ...u32(instruction.type), 0]
    case 'return_call_indirect':
      return [0x13, ...u32(instruction.type), 0]
    case 'local.get':
    case 'local.set':
    case 'local.tee':
    case 'global.get':
    case 'global.set':
    case 'call':
    case 'return_call':
      return [INDEXED[instruction.op], ...u32(instruction.index)]
    default:
      return [...PLAIN[instruction.op]]
  }
}
