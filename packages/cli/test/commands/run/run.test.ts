import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { bls } from '../../support/test-io.ts'

const FIXTURES = fileURLToPath(new URL('../../../../testing/src/fixtures', import.meta.url))
const io = { cwd: FIXTURES }

const ends: readonly { args: readonly string[]; exitCode: number; kind: string }[] = [
  { args: ['hello.wat'], exitCode: 0, kind: 'exit' },
  { args: ['spin.wat', '--fuel', '1_000_000'], exitCode: 1, kind: 'out-of-fuel' },
  { args: ['trap.wat'], exitCode: 11, kind: 'unreachable' },
  { args: ['memory-bomb.wat', '--memory', '1MiB'], exitCode: 16, kind: 'memory-limit' },
]
for (const { args, exitCode, kind } of ends) {
  test(`bls run ${args.join(' ')} exits with ${exitCode}`, async () => {
    const ran = await bls(io, 'run', ...args, '--json')
    assert.equal(ran.exitCode, exitCode, ran.stderr)
    assert.equal(JSON.parse(ran.stdout).exit.kind, kind)
    if (kind !== 'exit') assert.match((await bls(io, 'run', ...args)).stderr, /The function was stopped: /)
  })
}

test('bls run passes stdin through, byte for byte', async () => {
  const stdin = Uint8Array.of(0x68, 0x69, 0xff, 0x00)
  const { stdout } = await bls({ ...io, stdin }, 'run', 'echo.wat', '--json')
  assert.deepEqual(JSON.parse(stdout).stdout, { base64: Buffer.from(stdin).toString('base64') })
  assert.equal((await bls(io, 'run', 'echo.wat', '--stdin', 'text')).stdout, 'text')
})

test('bls run keeps its own failures apart from those of the function', async () => {
  await using folder = await temporaryFolder()
  await folder.write('broken.wat', '(module (func $f (nop)')
  await folder.write('broken.wasm', 'not a module')
  for (const args of [['nothing.wasm'], ['broken.wat'], ['broken.wasm'], ['.'], [], ['broken.wat', '--fuel', 'x']]) {
    const ran = await bls({ cwd: folder.path }, 'run', ...args)
    assert.equal(ran.exitCode, 128, args.join(' '))
    assert.match(ran.stderr, /^code: ERR_(?:FILE|MODULE|USAGE)/m)
    assert.doesNotMatch(ran.stderr, /ERR_INTERNAL/)
  }
  const late = await bls(io, 'run', 'spin.wat', '--fuel', '1_000_000_000_000', '--deadline', '100ms')
  assert.equal(late.exitCode, 15)
  assert.match(late.stderr, /code: ERR_DEADLINE/)
})
