import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile, symlink } from 'node:fs/promises'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { exportCar, importFiles, MemoryBlockStore } from '@blockless/storage'
import { compileWat } from '@blockless/testing'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts'
import { bls, type Ran } from '../../support/test-io.ts'
import { ADDS, SHOWS_FILE, SHOWS_INPUT, USES_ADD } from './programs.ts'

const HELLO = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\08\\00\\00\\00\\03\\00\\00\\00hi\\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))))`

function md5(wasm: Uint8Array): string {
  return createHash('md5').update(wasm).digest('hex')
}

async function run(folder: TemporaryFolder, ...args: readonly string[]): Promise<Ran> {
  return await bls({ cwd: folder.path }, 'run', ...args)
}

/** An archive of files, with a folder around them. */
async function carOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<Uint8Array> {
  const store = new MemoryBlockStore({ sizeMax: 1 << 24 })
  const contents = Object.entries(files).map(([path, content]) => ({
    path,
    content: typeof content === 'string' ? new TextEncoder().encode(content) : content,
  }))
  const { cid } = await importFiles(store, contents)
  const chunks: Uint8Array[] = []
  for await (const chunk of exportCar(store, cid)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('bls run takes modules by each of their names', async () => {
  await using folder = await temporaryFolder()
  const wasm = await compileWat(HELLO)
  for (const name of ['a.wasm', 'a.wasi', 'A.WASM']) {
    await folder.write(name, wasm)
    assert.equal((await run(folder, name)).stdout, 'hi\n', name)
  }
  await folder.write('a.wat', HELLO)
  assert.equal((await run(folder, 'a.wat')).stdout, 'hi\n')
})

test('bls run takes a configuration of version 0, where "entry" is the module', async () => {
  await using folder = await temporaryFolder()
  await folder.write('bin/app.wasm', await compileWat(SHOWS_FILE))
  await folder.write('top/f.txt', 'of the root')
  await folder.write('data/f.txt', 'of the map')
  const config = {
    entry: './bin/app.wasm',
    fs_root_path: 'top',
    map_dirs: [{ host: 'data', guest: '/data' }],
    permissions: [],
    debug_info: true,
    limited_fuel: 100_000,
  }
  await folder.write('config.json', JSON.stringify(config))
  assert.equal((await run(folder, 'config.json')).stdout, 'of the map')
  await folder.write('config.json', JSON.stringify({ ...config, stdout: 'out.txt' }))
  const quiet = await run(folder, 'config.json', '--stats')
  assert.equal(quiet.stdout, '')
  assert.match(quiet.stderr, /of 100,000/)
  assert.equal(await readFile(`${folder.path}/top/out.txt`, 'utf8'), 'of the map')
})

test('bls run asks for a flag before a configuration reaches folders that are not its own', async () => {
  await using folder = await temporaryFolder()
  await folder.write('app/app.wasm', await compileWat(SHOWS_FILE))
  await folder.write('other/f.txt', 'of others')
  const config = { entry: 'app.wasm', map_dirs: [{ host: '../other', guest: '/other' }] }
  await folder.write('app/config.json', JSON.stringify(config))
  const denied = await run(folder, 'app/config.json')
  assert.equal(denied.exitCode, 63)
  assert.match(denied.stderr, /denied: read:\/other\/f\.txt\nhint: allow it with --allow-read=\/other\/f\.txt\n/)
  assert.equal((await run(folder, 'app/config.json', '--allow-read=/other')).stdout, 'of others')
})

test('bls run is not led out of the folder of a configuration by links, nor to native programs', async () => {
  await using folder = await temporaryFolder()
  await folder.write('app/app.wasm', await compileWat(SHOWS_FILE))
  await folder.write('other/f.txt', 'of others')
  await symlink('../other', `${folder.path}/app/data`)
  await symlink('../other/made', `${folder.path}/app/out`)
  const config = {
    entry: 'app.wasm',
    map_dirs: [{ host: 'data', guest: '/data' }],
    stdout: 'out',
    runtime_logger: 'data/log',
    drivers_root_path: './drivers',
  }
  await folder.write('app/config.json', JSON.stringify(config))
  const { stderr, exitCode } = await run(folder, 'app/config.json')
  assert.equal(exitCode, 63)
  for (const name of ['stdout', 'runtime_logger', 'drivers_root_path'])
    assert.match(stderr, new RegExp(`"${name}" has no`))
  assert.match(stderr, /allow it with --allow-read=\/data\/f\.txt/)
  assert.deepEqual(await readdir(`${folder.path}/other`), ['f.txt'])
})

test('bls run opens its output before a function could move it elsewhere', async () => {
  await using folder = await temporaryFolder()
  await folder.write('app.wat', HELLO)
  await folder.write('spin.wat', '(module (func (export "_start") (unreachable)))')
  assert.equal((await run(folder, 'nothing.wat', '--record', 'a.rec')).exitCode, 128)
  assert.equal((await run(folder, 'app.wat', '--entry', 'none', '--record', 'a.rec')).exitCode, 128)
  assert.deepEqual((await readdir(folder.path)).toSorted(), ['app.wat', 'spin.wat'])
  assert.equal((await run(folder, 'spin.wat', '--record', 'a.rec')).exitCode, 11)
  assert.equal((await run(folder, 'spin.wat', '--replay', 'a.rec')).exitCode, 11)
})

test('bls run takes a configuration of version 1 and checks its modules', async () => {
  await using folder = await temporaryFolder()
  const [entry, lib] = [await compileWat(USES_ADD), await compileWat(ADDS)]
  await folder.write('app.wasm', entry)
  await folder.write('lib.wasm', lib)
  const modules = [
    { file: 'app.wasm', name: 'app', type: 'entry', md5: md5(entry) },
    { file: 'lib.wasm', name: 'lib', type: 'module', md5: md5(lib) },
  ]
  await folder.write('config.json', JSON.stringify({ version: 1, entry: '_start', modules }))
  assert.equal((await run(folder, 'config.json')).exitCode, 42)
  await folder.write('config.json', JSON.stringify({ version: 1, entry: 'other', modules }))
  assert.equal((await run(folder, 'config.json')).exitCode, 7)
  await folder.write('lib.wasm', entry)
  const changed = await run(folder, 'config.json')
  assert.equal(changed.exitCode, 128)
  assert.match(changed.stderr, /the MD5 of its module "lib\.wasm" is \w{32}, "md5" says \w{32}/)
  assert.equal((await run(folder, 'app.wasm', '--module', 'lib=app.wasm')).exitCode, 128)
  await folder.write('lib.wasm', lib)
  assert.equal((await run(folder, 'app.wasm', '--module', 'lib=lib.wasm')).exitCode, 42)
})

test('bls run takes a function package, in its folder or by its manifest', async () => {
  await using folder = await temporaryFolder()
  const wasm = await compileWat(SHOWS_INPUT)
  await folder.write('app.wasm', wasm)
  const manifest = {
    id: 'x',
    version: 1,
    name: 'app',
    hooks: [],
    fs_root_path: './',
    drivers_root_path: './',
    entry: '_start',
    contentType: 'text',
    modules: [{ file: 'app.wasm', name: 'app', type: 'entry', md5: md5(wasm) }],
    runtime: { url: 'x.tar.gz', checksum: '' },
    env: { A: '1' },
    limits: { fuel: 1_000_000, memoryBytes: 65_536, outputBytes: 1_000, deadlineMs: 5_000 },
  }
  await folder.write('manifest.json', JSON.stringify(manifest))
  for (const input of ['.', 'manifest.json']) {
    const ran = await run(folder, input, '--json')
    assert.equal(JSON.parse(ran.stdout).stdout, 'app.wasm\0A=1\0', ran.stderr)
    assert.deepEqual(JSON.parse(ran.stdout).limits, manifest.limits)
    assert.deepEqual(JSON.parse(ran.stdout).warnings, [])
  }
})

test('bls run takes a package whose module is in a .tar.gz, as existing tools deploy it', async () => {
  await using folder = await temporaryFolder()
  const wasm = await compileWat(HELLO)
  const head = new Uint8Array(512)
  const field = (at: number, text: string): void => head.set(new TextEncoder().encode(text), at)
  field(0, './app.wasm')
  field(124, wasm.length.toString(8).padStart(11, '0'))
  field(156, '0')
  const padding = new Uint8Array(512 - (wasm.length % 512) + 1024)
  const packed = gzipSync(Buffer.concat([head, wasm, padding]))
  await folder.write('x.tar.gz', packed)
  const manifest = (file: string, checksum: string): string => {
    const modules = [{ file, name: 'app', type: 'entry', md5: md5(wasm) }]
    return JSON.stringify({ version: 1, modules, runtime: { url: 'https://x.example/x.tar.gz', checksum } })
  }
  const checksum = createHash('sha256').update(packed).digest('hex')
  await folder.write('manifest.json', manifest('app.wasm', checksum))
  assert.equal((await run(folder, '.')).stdout, 'hi\n')
  await folder.write('manifest.json', manifest('other.wasm', checksum))
  assert.match((await run(folder, '.')).stderr, /x\.tar\.gz": there is no module "other\.wasm" in it/)
  await folder.write('manifest.json', manifest('app.wasm', checksum.replace(/^./, 'x')))
  assert.match((await run(folder, '.')).stderr, /the SHA-256 of "x\.tar\.gz" is \w{64}, "runtime\.checksum" says/)
  await folder.write('manifest.json', manifest('app.wasm', ''))
  await folder.write('x.tar.gz', packed.subarray(0, 40))
  assert.match((await run(folder, '.')).stderr, /x\.tar\.gz": it is no \.tar\.gz, or a damaged one/)
})

test('bls run takes a CAR and gives its files to be read only', async () => {
  await using folder = await temporaryFolder()
  const wasm = await compileWat(SHOWS_FILE)
  const config = {
    version: 1,
    entry: 'root',
    fs_root_path: '$ROOT/app',
    stdin: 'fixed',
    modules: [{ file: '$ROOT/app/app.wasm', name: 'app', type: 'entry', md5: md5(wasm) }],
    map_dirs: [{ host: '$ENV_ROOT_PATH', guest: '/all' }],
  }
  const files = { 'app/app.wasm': wasm, 'app/f.txt': 'in the archive', 'app/deep/config.json': '{}' }
  await folder.write('a.car', await carOf({ ...files, 'config.json': JSON.stringify(config) }))
  const ran = await run(folder, 'a.car')
  assert.equal(ran.stdout, 'in the archive', ran.stderr)
  assert.equal((await run(folder, 'a.car', '--entry', 'make')).exitCode, 69) // erofs
  await folder.write('a.car', await carOf({ ...files, 'config.json': JSON.stringify({ entry: 'none.wasm' }) }))
  assert.match((await run(folder, 'a.car')).stderr, /no module "none\.wasm" in it\n.*\nhint: it has "app\/app\.wasm"/)
})

test('bls run says what is wrong with a CAR', async () => {
  await using folder = await temporaryFolder()
  const whole = await carOf({ 'app.wasm': 'x', 'config.json': '{"entry":"app.wasm"}' })
  const cases = {
    'cut.car': whole.subarray(0, whole.length - 20),
    'none.car': await carOf({ 'app.wasm': 'x' }),
    'empty.car': new Uint8Array(),
    'text.car': 'hello',
    'json.car': await carOf({ 'config.json': '{' }),
  }
  for (const [name, content] of Object.entries(cases)) {
    await folder.write(name, content)
    const ran = await run(folder, name)
    assert.equal(ran.exitCode, 128, name)
    assert.match(ran.stderr, new RegExp(`error: Cannot use "[^"]*${name}[^"]*": .*\ncode: ERR_CONFIG\nhint: `), name)
  }
})

const WRONG: Readonly<Record<string, readonly [json: string, words: RegExp]>> = {
  'is no JSON': [
    '{"entry"',
    /it is neither a module nor a configuration: .*\ncode: ERR_CONFIG\nhint: modules end with/,
  ],
  'is a list': ['[]', /it is no JSON object/],
  'has no entry': ['{}', /"entry" is missing/],
  'has an unknown version': ['{"version":2}', /"version": .* expected, got 2/],
  'has fuel in words': ['{"entry":"a.wasm","limited_fuel":"much"}', /"limited_fuel": .* expected, got "much"/],
  'has two entries': [
    '{"modules":[{"file":"a","name":"a","type":"entry"},{"file":"b","name":"b","type":"entry"}]}',
    /"modules" has 2 of type "entry", exactly one is needed/,
  ],
  'has a module of no type': ['{"modules":[{"file":"a","name":"a","type":"x"}]}', /"modules\[0\]\.type"/],
  'names a module that is not there': ['{"entry":"a.wasm"}', /Cannot read ".*a\.wasm": it does not exist/],
}
for (const [name, [json, words]] of Object.entries(WRONG)) {
  test(`bls run refuses a configuration that ${name}`, async () => {
    await using folder = await temporaryFolder()
    await folder.write('config.json', json)
    const ran = await run(folder, 'config.json')
    assert.equal(ran.exitCode, 128)
    assert.match(ran.stderr, words)
  })
}

test('bls run warns of what has no effect in a configuration', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', HELLO)
  const config = {
    entry: 'a.wat',
    colour: 'red',
    runTime: 5,
    drivers: [{ schema: 'x', path: 'x.so' }],
    permissions: ['*', 'ftp://a/', 'https://a/'],
    stderr: '../log.txt',
    optimize: {},
  }
  await folder.write('c.json', JSON.stringify(config))
  const { stderr, stdout } = await run(folder, 'c.json')
  assert.equal(stdout, 'hi\n')
  const warnings = stderr.split('\n').filter((line) => line.startsWith('warning:'))
  assert.equal(warnings.length, 6, stderr)
  assert.match(stderr, /"colour" has no effect: there is no such key\n/)
  assert.match(stderr, /"runTime" has no effect: there is no such key, did you mean "run_time"\?/)
  assert.match(stderr, /"permissions\[1\]" has no effect/)
  assert.match(stderr, /"stderr" has no effect: .* not in the folder of the configuration, use --stderr\n/)
})

test('bls run reads stdin settings and variables of a configuration', async () => {
  await using folder = await temporaryFolder()
  await folder.write('a.wat', SHOWS_INPUT)
  const shown = (stdin: string): string => `a.wat\0A=1\0B=2\0${stdin}${stdin}`
  const envs = [['A', '1'], { env_name: 'B', env_val: '2' }]
  const cases = [
    [{ stdin: 'fixed' }, [], 'fixed'],
    [{ stdin: 'inherit' }, [], 'piped'],
    [{}, [], 'piped'],
    [{ stdin: 'fixed' }, ['--stdin', 'flag'], 'flag'],
    [{ stdin: 'fixed' }, ['--stdin', 'inherit'], 'piped'],
  ] as const
  for (const [settings, flags, stdin] of cases) {
    await folder.write('c.json', JSON.stringify({ entry: 'a.wat', envs, ...settings }))
    const ran = await bls({ cwd: folder.path, stdin: 'piped' }, 'run', 'c.json', ...flags)
    assert.equal(ran.stdout, shown(stdin), ran.stderr)
  }
})
