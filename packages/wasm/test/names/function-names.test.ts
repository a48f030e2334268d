import assert from 'node:assert/strict'
import { test } from 'node:test'
import { functionNames, ModuleError, sourceMapUrl } from '@blockless/wasm'
import { main as compileAssemblyScript } from 'assemblyscript/asc'
import { wat } from '../wat.ts'

const MODULE = `(module (import "env" "tell" (func $told)) (func $first (export "run") (call $told))
  (func $second) (func (export "other")))`

/** A module of AssemblyScript, and its source map. */
async function compile(source: string, ...flags: string[]): Promise<{ wasm: Uint8Array; map: string }> {
  const files = new Map<string, Uint8Array | string>()
  const { error, stderr } = await compileAssemblyScript(
    ['m.ts', '-O1', '--noExportMemory', '--runtime', 'stub', '--sourceMap', '--outFile', 'm.wasm', ...flags],
    {
      readFile: (name: string) => (name === 'm.ts' ? source : null),
      writeFile: (name: string, contents: Uint8Array | string) => void files.set(name, contents),
      listFiles: () => [],
    },
  )
  if (error !== null) throw new Error(`Cannot compile: ${stderr}`)
  return { wasm: Uint8Array.from(files.get('m.wasm') as Uint8Array), map: String(files.get('m.wasm.map')) }
}

test('functionNames() reads the name section, and names imports by module and name', () => {
  assert.deepEqual(functionNames(wat(MODULE, { names: true })), ['env.tell', 'first', 'second', 'other'])
})

test('functionNames() falls back to exports, and to the index', () => {
  assert.deepEqual(functionNames(wat(MODULE)), ['env.tell', 'run', 'func[2]', 'other'])
})

test('functionNames() ignores a name section that is cut off, and one of another module', () => {
  const bytes = wat(MODULE, { names: true })
  const at = Buffer.from(bytes).indexOf('name') + 'name'.length
  for (const [offset, value] of [
    [1, 0x7f],
    [2, 0x7f],
    [3, 0x7f],
  ] as const) {
    const broken = Uint8Array.from(bytes)
    broken[at + offset] = value
    const names = functionNames(broken)
    assert.equal(names.length, 4)
    assert.equal(names[0], 'env.tell')
  }
})

test('functionNames() refuses what is no module', () => {
  assert.throws(() => functionNames(new Uint8Array(3)), ModuleError)
  assert.throws(() => sourceMapUrl(new Uint8Array(3)), ModuleError)
})

const SOURCE = `
@inline const seed = 5
// prettier-ignore
function helper(n: i32): i32 { let sum = seed; for (let i = 0; i < n; i++) sum = sum * 31 + i; return sum }
export function run(n: i32): i32 { return helper(n) + helper(n + 1) }
export function walk(n: i32): i32 { return n == 0 ? 0 : walk(n - 1) + helper(n) }
`

test('functionNames() takes what it can from the source map of a module without names', async () => {
  const { wasm, map } = await compile(SOURCE)
  assert.equal(sourceMapUrl(wasm), './m.wasm.map')
  const names = functionNames(wasm, map)
  const expected = [/^(m\.ts:4|m\/helper)$/, /^(m\.ts:5|m\/run)$/, /^(m\.ts:6|m\/walk)$/]
  for (const pattern of expected)
    assert.ok(
      names.some((name) => pattern.test(name)),
      `${pattern} in ${names}`,
    )
  assert.deepEqual(functionNames(wasm, 'no map'), functionNames(wasm))
})

test('functionNames() prefers the name section to the source map', async () => {
  const { wasm, map } = await compile(SOURCE, '--debug')
  assert.ok(functionNames(wasm, map).includes('m/helper'))
})

test('sourceMapUrl() is undefined without the section', () => {
  assert.equal(sourceMapUrl(wat(MODULE)), undefined)
})
