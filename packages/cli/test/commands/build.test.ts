import assert from 'node:assert/strict'
import { chmod, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { manifestSchema } from '@blockless/core'
import { fixture, fixtureText } from '@blockless/testing'
import { buildFunction } from '../../src/commands/build-function/build-function.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { bls } from '../support/test-io.ts'

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url))
const signal = new AbortController().signal

/** A project whose build command is the given line of shell. */
function toml(command: string | undefined, more = ''): string {
  const line = command === undefined ? '' : `command = ${JSON.stringify(command)}\n`
  return `name = "hello"\n${more}[build]\ndir = "out"\nentry = "hello.wasm"\n${line}`
}

test('bls init makes a project that builds and runs, without any other toolchain', async () => {
  await using folder = await temporaryFolder()
  const made = await bls({ cwd: folder.path }, 'init', 'My Function')
  assert.equal(made.exitCode, 0, made.stderr)
  assert.match(made.stdout, /Made my-function in .*\n {4}\.gitignore\n {4}README\.md\n {4}asconfig\.json/)
  const project = join(folder.path, 'My Function')
  await symlink(join(REPOSITORY, 'node_modules'), join(project, 'node_modules')) // what npm install would bring
  const built = await bls({ cwd: project }, 'build', '--release', '--json')
  assert.equal(built.exitCode, 0, built.stderr)
  const { sizeBytes, functionCid, name } = JSON.parse(built.stdout) as Record<string, unknown>
  assert.equal(name, 'my-function')
  assert.ok(typeof sizeBytes === 'number' && sizeBytes <= 30_720)
  assert.match(String(functionCid), /^bafybei/)
  const wasm = join(project, 'build', 'release.wasm')
  assert.equal((await bls({ cwd: project }, 'run', wasm, 'Ada')).stdout, 'Hello, Ada!\n')
  assert.equal((await bls({ cwd: project, stdin: 'Grace' }, 'run', wasm)).stdout, 'Hello, Grace!\n')
  const get = ['BLS_REQUEST_METHOD=GET', 'BLS_REQUEST_PATH=/', 'BLS_REQUEST_QUERY=name=Ad%C3%A4'].flatMap((pair) => [
    '--env',
    pair,
  ])
  assert.equal((await bls({ cwd: project, stdin: '/' }, 'run', wasm, ...get)).stdout, 'Hello, Adä!\n')
  const missing = ['--env', 'BLS_REQUEST_METHOD=GET', '--env', 'BLS_REQUEST_PATH=/x']
  assert.match(
    (await bls({ cwd: project }, 'run', wasm, ...missing)).stdout,
    /^Status: 404\nContent-Type: text\/plain\n\n/,
  )
})

test('the template and the example are the same function', async () => {
  for (const file of ['http.ts', 'index.ts']) {
    const template = await readFile(
      join(REPOSITORY, `packages/cli/templates/assemblyscript/assembly/${file}.template`),
      'utf8',
    )
    assert.equal(template, await readFile(join(REPOSITORY, `examples/hello/assembly/${file}`), 'utf8'))
  }
})

test('bls init refuses folders that are not empty, and names that no function can have', async () => {
  await using folder = await temporaryFolder()
  await folder.write('full/file.txt', 'mine')
  const full = await bls({ cwd: folder.path }, 'init', 'full')
  assert.equal(full.exitCode, 2)
  assert.match(full.stderr, /it is not empty \(file\.txt\)/)
  assert.equal((await bls({ cwd: folder.path }, 'init', 'full/file.txt')).exitCode, 5)
  assert.match((await bls({ cwd: folder.path }, 'init', 'a', '--name', 'Ä')).stderr, /Cannot name the function "Ä"/)
  assert.match((await bls({ cwd: folder.path }, 'init', 'a', '--template', 'cobol')).stderr, /there is assemblyscript/)
  assert.equal((await bls({ cwd: folder.path }, 'init', 'a', '--json')).exitCode, 0)
})

test('buildFunction() gives the same CID for the same bytes, and writes a manifest that says what bls.toml says', async () => {
  await using folder = await temporaryFolder()
  const deployment = '[deployment]\nnodes = 7\nthreshold = 6\nhttp = false\npermissions = ["https://example.com"]\n'
  await folder.write(
    'bls.toml',
    toml(undefined, `content_type = "json"\n${deployment}[deployment.limits]\nfuel = 1000\n`),
  )
  await folder.write('out/hello.wasm', await fixture('hello'))
  const first = await buildFunction(folder.path, { signal })
  const second = await buildFunction(folder.path, { signal })
  assert.ok(first.functionCid.equals(second.functionCid))
  const written = JSON.parse(await readFile(join(folder.path, 'out/manifest.json'), 'utf8'))
  const manifest = manifestSchema.fromJson(written, '')
  assert.deepEqual(manifest, first.manifest)
  assert.deepEqual(manifest.agreement, { kind: 'aggregate', nodes: 7, threshold: 6 })
  assert.equal(manifest.http, false)
  assert.equal(manifest.limits?.fuel, 1_000)
  assert.equal(manifest.contentType, 'json')
})

test('buildFunction() takes an entry without its suffix, and WebAssembly text', async () => {
  await using folder = await temporaryFolder()
  await folder.write('bls.toml', 'name = "a"\n[build]\nentry = "hello"\n[build_release]\nentry = "hello.wat"\n')
  await folder.write('build/hello.wasm', await fixture('hello'))
  await folder.write('build/hello.wat', await fixtureText('hello'))
  const binary = await buildFunction(folder.path, { signal })
  const text = await buildFunction(folder.path, { signal, release: true })
  assert.deepEqual(text.wasm, binary.wasm)
  assert.equal(text.manifest.modules[0]?.file, 'hello.wasm')
})

test('bls build shows what the compiler said when it fails', async () => {
  await using folder = await temporaryFolder()
  await folder.write('bls.toml', toml('echo "main.ts(3,1): error TS1005" && exit 3'))
  const ran = await bls({ cwd: folder.path }, 'build')
  assert.equal(ran.exitCode, 1)
  assert.match(
    ran.stderr,
    /^main\.ts\(3,1\): error TS1005\n\nerror: Cannot build: .* ended with exit code 3\ncode: ERR_BUILD/,
  )
  const json = JSON.parse((await bls({ cwd: folder.path }, 'build', '--json')).stderr)
  assert.equal(json.error.details.output, 'main.ts(3,1): error TS1005\n')
})

const unusable: readonly { name: string; files: Record<string, string>; exitCode: number; stderr: RegExp }[] = [
  {
    name: 'there is no bls.toml',
    files: {},
    exitCode: 5,
    stderr: /bls\.toml": it does not exist(?:.|\n)*hint: "bls init/,
  },
  { name: 'bls.toml is malformed', files: { 'bls.toml': 'name' }, exitCode: 2, stderr: /bls\.toml", line 1: / },
  { name: 'bls.toml is huge', files: { 'bls.toml': '#'.repeat(70_000) }, exitCode: 5, stderr: /it has 70000 bytes/ },
  {
    name: 'there is no section',
    files: { 'bls.toml': 'name = "a"' },
    exitCode: 2,
    stderr: /section \[build\] is missing/,
  },
  {
    name: 'the command makes no module',
    files: { 'bls.toml': toml('true') },
    exitCode: 5,
    stderr: /"true" did not make it/,
  },
  {
    name: 'the command does not exist',
    files: { 'bls.toml': toml('no-such-tool-7') },
    exitCode: 1,
    stderr: /exit code 127/,
  },
  {
    name: 'the agreement cannot be',
    files: { 'bls.toml': toml(undefined, '[deployment]\nnodes = 4\nthreshold = 2\n'), 'out/hello.wasm': '' },
    exitCode: 2,
    stderr: /"deployment\.threshold": 3 to 4 of 4 nodes expected, got 2/,
  },
  {
    name: 'the module is none',
    files: { 'bls.toml': toml(undefined), 'out/hello.wasm': '<html>' },
    exitCode: 1,
    stderr: /code: ERR_MODULE/,
  },
]
for (const { name, files, exitCode, stderr } of unusable) {
  test(`bls build says what is wrong when ${name}`, async () => {
    await using folder = await temporaryFolder()
    for (const [file, content] of Object.entries(files)) await folder.write(file, content)
    const ran = await bls({ cwd: folder.path }, 'build')
    assert.equal(ran.exitCode, exitCode, ran.stderr)
    assert.match(ran.stderr, stderr)
    assert.doesNotMatch(ran.stderr, /ERR_INTERNAL/)
  })
}

test('Ctrl-C during a build ends the command and all that it started', async () => {
  await using folder = await temporaryFolder()
  const script = "require('fs').writeFileSync('started', 'yes'); setInterval(() => {}, 1e6)"
  await folder.write('wait.cjs', script)
  await folder.write('bls.toml', toml(`"${process.execPath}" wait.cjs; true`))
  const controller = new AbortController()
  const reason = new Error('interrupted')
  const built = buildFunction(folder.path, { signal: controller.signal })
  await appears(join(folder.path, 'started'))
  controller.abort(reason)
  // Comes only when nobody holds the command's output any more, so a child that lives on would hang this test.
  await assert.rejects(built, reason)
})

test('bls build says so when it may not write', {
  skip: process.getuid?.() === 0 && 'root may write everywhere',
}, async () => {
  await using folder = await temporaryFolder()
  await folder.write('bls.toml', toml(undefined))
  await folder.write('out/hello.wasm', await fixture('hello'))
  await chmod(join(folder.path, 'out'), 0o555)
  const ran = await bls({ cwd: folder.path }, 'build')
  await chmod(join(folder.path, 'out'), 0o755)
  assert.equal(ran.exitCode, 5)
  assert.match(ran.stderr, /permission denied/)
})

test('bls build says so when it cannot write', async () => {
  await using folder = await temporaryFolder()
  await folder.write('bls.toml', toml(undefined))
  await folder.write('out/hello.wasm', await fixture('hello'))
  await folder.write('out/manifest.json/is-a-folder', '')
  const ran = await bls({ cwd: folder.path }, 'build')
  assert.equal(ran.exitCode, 5)
  assert.match(ran.stderr, /Cannot write .*manifest\.json": it is a folder/)
})

/** The content of a file once it has some. */
async function appears(path: string): Promise<string> {
  for (;;) {
    const content = await readFile(path, 'utf8').catch(() => '')
    if (content !== '') return content
    await new Promise((resolve) => setImmediate(resolve))
  }
}
