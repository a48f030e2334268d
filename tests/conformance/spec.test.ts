import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parseFloatBits, parseIntegerBits } from './spec/number-literals.ts'
import { parseScript } from './spec/parse-script.ts'
import { runFiles } from './spec/run-files.ts'
import { runScript } from './spec/run-script.ts'
import { ScriptError } from './spec/s-expression.ts'
import { compileText } from './spec/wat.ts'

const SCRIPTS = join(import.meta.dirname, 'spec', 'scripts')

for (const file of globSync('*.wast', { cwd: SCRIPTS }).sort()) {
  test(`instrument() changes nothing that ${file} can see`, () => {
    const { passed, failures, skips } = runScript(readFileSync(join(SCRIPTS, file), 'utf8'), compileText)
    assert.deepEqual(failures, [])
    assert.deepEqual(
      skips.filter(({ problem }) => problem !== 'about the text format only'),
      [],
    )
    assert.ok(passed > 0)
  })
}

test('runScript() finds what is wrong, and says of what the engine does not do either', () => {
  const { passed, failures, skips } = runScript(
    `(module (func (export "one") (result i32) (i32.const 1)))
     (assert_return (invoke "one") (i32.const 1))
     (assert_return (invoke "one") (i32.const 2))
     (assert_return (invoke "two") (i32.const 2))
     (module (memory i64 1))
     (assert_return (invoke "one") (i32.const 1))
     (module (func unheard.of))
     (wait $thread)`,
    compileText,
  )
  assert.equal(passed, 2)
  assert.deepEqual(failures, [])
  assert.deepEqual(
    skips.map(({ line, problem, detail }) => [line, detail ?? problem]),
    [
      [3, 'wanted (i32:0x2), got (i32:0x1)'],
      [4, 'there is no function "two"'],
      [5, 'refused by name: a 64-bit memory (memory64)'],
      [6, 'refused by name: a 64-bit memory (memory64)'],
      [7, 'text not understood by the text compiler'],
      [8, 'command "wait"'],
    ],
  )
})

const malformed: readonly { name: string; source: string; line: number }[] = [
  { name: 'a list is left open', source: '(module\n(func)', line: 1 },
  { name: 'a parenthesis closes nothing', source: '(module)\n)', line: 2 },
  { name: 'a string is left open', source: '(module)\n(module binary "\\00)', line: 2 },
  { name: 'a comment is left open', source: '\n(; a (; b ;)', line: 2 },
  { name: 'an escape is unknown', source: '(module binary "\\q")', line: 1 },
  { name: 'a character does not exist', source: '(module binary "\\u{110000}")', line: 1 },
  { name: 'a word stands outside', source: '(module)\nmodule', line: 2 },
  { name: 'a command is unknown', source: '(module)\n\n(assert_luck)', line: 3 },
  { name: 'an action is missing', source: '(assert_return (i32.const 1))', line: 1 },
  { name: 'a field is missing', source: '(invoke $m)', line: 1 },
  { name: 'an argument is no constant', source: '(invoke "f" (i32.const nan:canonical))', line: 1 },
  { name: 'an argument is a pattern', source: '(invoke "f" (f32.const nan:canonical))', line: 1 },
  { name: 'an integer is too wide', source: '(invoke "f" (i32.const 0x1_0000_0000))', line: 1 },
  { name: 'a vector has too few lanes', source: '(invoke "f" (v128.const i32x4 1 2 3))', line: 1 },
  { name: 'a module has a word among its strings', source: '(module binary "\\00" x)', line: 1 },
  { name: 'an assertion is of no module', source: '(assert_invalid (func) "x")', line: 1 },
  { name: 'a registration has no name', source: '(register $m)', line: 1 },
]
for (const { name, source, line } of malformed) {
  test(`parseScript() names the line when ${name}`, () => {
    assert.throws(
      () => parseScript(source),
      (error) => error instanceof ScriptError && error.line === line,
    )
  })
}

test('parseScript() reads names, escapes, comments, annotations and modules without a module around them', () => {
  const [module, action] = parseScript(
    `(module $"a b" (@name "ignored ;)") binary "\\00\\u{e9}" "\\n") ;; text
     (; (; nested ;) ;) (invoke $"a b" "f\\"" (i64.const -0x8000_0000_0000_0000) (ref.null func))`,
  )
  assert.equal(module?.kind === 'module' && module.name, '$a b')
  assert.deepEqual(module?.kind === 'module' && module.source, {
    kind: 'binary',
    bytes: Uint8Array.of(0, 0xc3, 0xa9, 10),
  })
  assert.deepEqual(action?.kind === 'action' && action.action, {
    kind: 'invoke',
    instance: '$a b',
    field: 'f"',
    args: [
      { type: 'i64', bits: 1n << 63n },
      { type: 'ref', value: null },
    ],
  })
  const [inline] = parseScript('(func (export "f"))\n(memory 1)')
  assert.deepEqual(inline?.kind === 'module' && inline.source, {
    kind: 'text',
    text: '(module (func (export "f"))\n(memory 1))',
    isQuoted: false,
  })
})

const floats: readonly [literal: string, type: 'f32' | 'f64', bits: bigint | undefined][] = [
  ['1', 'f32', 0x3f80_0000n],
  ['-0x0p0', 'f64', 1n << 63n],
  ['1e-45', 'f32', 1n],
  ['0x1p-150', 'f32', 0n], // half of the smallest, to even
  ['0x1.000001p-150', 'f32', 1n],
  ['0x0.fffffffp-126', 'f32', 0x0080_0000n], // rounds up into the normal numbers
  ['8.5899345920000003e9', 'f32', 0x5000_0000n],
  ['340282356779733661637539395458142568447', 'f32', 0x7f7f_ffffn],
  ['340282356779733661637539395458142568448', 'f32', 0x7f80_0000n],
  ['1_0.5e0_1', 'f64', 0x405a_4000_0000_0000n],
  ['1e999999999', 'f64', 0x7ff0_0000_0000_0000n],
  ['-nan:0x1', 'f32', 0xff80_0001n],
  ['nan', 'f64', 0x7ff8_0000_0000_0000n],
  ['0x', 'f32', undefined],
  ['1.5.5', 'f64', undefined],
]
for (const [literal, type, bits] of floats) {
  test(`parseFloatBits() of "${literal}" as ${type}`, () => assert.equal(parseFloatBits(literal, type), bits))
}

test('parseIntegerBits() takes both signs of a width and nothing beyond', () => {
  assert.equal(parseIntegerBits('255', 8), 255n)
  assert.equal(parseIntegerBits('-128', 8), 128n)
  assert.equal(parseIntegerBits('256', 8), undefined)
  assert.equal(parseIntegerBits('-129', 8), undefined)
  assert.equal(parseIntegerBits('1.0', 8), undefined)
})

test('runFiles() fails a script that does not end, and goes on with the next one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bls-spec-'))
  try {
    writeFileSync(join(folder, 'a.wast'), '(module (func $f (loop (br 0))) (start $f))')
    writeFileSync(join(folder, 'b.wast'), '(module (func))')
    writeFileSync(join(folder, 'c.wast'), '(module')
    const files = ['a.wast', 'b.wast', 'c.wast']
    const [hung, fine, broken] = await runFiles(folder, files, { concurrency: 1, timeoutMs: 2_000 })
    assert.equal(hung?.failures[0]?.problem, 'it took longer than 2 s')
    assert.deepEqual([fine?.passed, fine?.failures], [1, []])
    assert.match(broken?.failures[0]?.problem ?? '', /line 1, its "\(" is never closed/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('npm run conformance -- spec prints a summary last, or JSON, or what is wrong with its arguments', async () => {
  const main = join(import.meta.dirname, 'main.ts')
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, [main, 'spec', SCRIPTS, '--filter', 'integers'])
  assert.match(stdout, /✔ integers\.wast[^\n]*\n[\s\S]*\n\d+ passed, 0 failed\n$/)
  const json = await run(process.execPath, [main, 'spec', join(SCRIPTS, 'calls.wast'), '--json'])
  const lines = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.equal(lines[0]?.['file'], 'calls.wast')
  assert.deepEqual(Object.keys(lines[1] ?? {}), ['suite', 'passed', 'failed', 'skipped'])
  const skipped = await run(process.execPath, [main, 'spec', join(SCRIPTS, 'binary.wast'), '--skipped', 'text'])
  assert.match(skipped.stdout, /- binary\.wast:\d+ assert_malformed about the text format only\nskipped\n +1 {2}about/)
  const mistakes: readonly [args: string[], message: RegExp][] = [
    [[], /one folder/],
    [['/nowhere/at/all'], /is not there/],
    [[join(import.meta.dirname, 'vectors')], /has no \.wast file/],
    [[SCRIPTS, '--filter', 'nothing-is-named-so'], /no script matches/],
    [[SCRIPTS, '--filter', '('], /regular expression/],
    [[SCRIPTS, '--fliter', 'x'], /--fliter/],
  ]
  for (const [args, message] of mistakes) {
    await assert.rejects(run(process.execPath, [main, 'spec', ...args]), message)
  }
})
