import assert from 'node:assert/strict'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { WASI } from 'node:wasi'
import { compileWat, FIXTURES, fixture } from '@blockless/testing'

/** Runs a fixture with Node's own WASI, which knows nothing of ours. */
async function run(wasm: Uint8Array, args: string[], stdin: Uint8Array): Promise<{ code: number; stdout: Uint8Array }> {
  const directory = await mkdtemp(join(tmpdir(), 'fixture-'))
  const input = await open(join(directory, 'in'), 'w+')
  const output = await open(join(directory, 'out'), 'w+')
  try {
    await input.write(stdin, 0, stdin.length, 0)
    const wasi = new WASI({
      version: 'preview1',
      args: ['fixture', ...args],
      stdin: input.fd,
      stdout: output.fd,
      returnOnExit: true,
    })
    const module = await WebAssembly.compile(new Uint8Array(wasm))
    const code = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject() as WebAssembly.Imports))
    return { code, stdout: new Uint8Array(await readFile(join(directory, 'out'))) }
  } finally {
    await input.close()
    await output.close()
    await rm(directory, { recursive: true })
  }
}

const utf8 = new TextEncoder()

for (const name of FIXTURES) {
  test(`fixture() compiles ${name} to a command that WebAssembly accepts`, async () => {
    const module = await WebAssembly.compile(new Uint8Array(await fixture(name)))
    const names = WebAssembly.Module.exports(module).map((entry) => entry.name)
    assert.deepEqual(names.sort(), ['_start', 'memory'])
  })
}

test('fixture() hello says hello', async () => {
  assert.deepEqual(await run(await fixture('hello'), [], new Uint8Array()), { code: 0, stdout: utf8.encode('hello\n') })
})

for (const size of [0, 1, 65_536, 200_001]) {
  test(`fixture() echo copies ${size} bytes`, async () => {
    const stdin = Uint8Array.from({ length: size }, (_, index) => (index * 31) % 251)
    assert.deepEqual(await run(await fixture('echo'), [], stdin), { code: 0, stdout: stdin })
  })
}

for (const { args, code } of [
  { args: [], code: 0 },
  { args: ['0'], code: 0 },
  { args: ['7'], code: 7 },
  { args: ['255', 'more'], code: 255 },
]) {
  test(`fixture() exit ends with ${code} when the arguments are [${args}]`, async () => {
    assert.equal((await run(await fixture('exit'), args, new Uint8Array())).code, code)
  })
}

test('fixture() trap reaches an unreachable instruction', async () => {
  await assert.rejects(run(await fixture('trap'), [], new Uint8Array()), WebAssembly.RuntimeError)
})

test('compileWat() names the line when the text is not valid', async () => {
  await assert.rejects(compileWat('(module\n  (func (result i32)))'), /fixture\.wat:2/)
})
