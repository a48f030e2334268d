import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainFailure, tailOf } from '../setup/npm.mjs'
import { installHash, reasonToInstall, workspaceDirectories, writeStamp } from '../setup/stamp.mjs'
import { checkAddons } from '../setup/verify.mjs'
import { coreManifest, files, installed, lockfile, modules } from './setup-fixture.ts'
import { createRepository, type RepositoryFiles } from './temporary-repository.ts'

test('workspaceDirectories() expands patterns and leaves out what has no package.json', () => {
  using repository = createRepository({ ...files, 'packages/empty/a.md': '' })
  assert.deepEqual(workspaceDirectories(repository.root), ['packages/core'])
})

const edits: { what: string; edit: RepositoryFiles; changes: boolean }[] = [
  { what: 'the lockfile', edit: { 'package-lock.json': {} }, changes: true },
  {
    what: 'dependencies of a workspace',
    edit: { 'packages/core/package.json': { ...coreManifest, dependencies: {} } },
    changes: true,
  },
  { what: 'a new workspace', edit: { 'packages/wasm/package.json': {} }, changes: true },
  { what: '.npmrc', edit: { '.npmrc': 'omit=dev' }, changes: true },
  {
    what: 'exports of a workspace',
    edit: { 'packages/core/package.json': { ...coreManifest, exports: {} } },
    changes: false,
  },
  { what: 'sources', edit: { 'packages/core/src/index.ts': 'a' }, changes: false },
]
for (const { what, edit, changes } of edits) {
  test(`installHash() ${changes ? 'changes' : 'stays'} when ${what} change`, () => {
    using repository = createRepository(files)
    const before = installHash(repository.root)
    repository.write(edit)
    assert.equal(installHash(repository.root) !== before, changes)
  })
}

const states: { what: string; files: RepositoryFiles; stamped: boolean; reason: RegExp | undefined }[] = [
  { what: 'node_modules is missing', files: {}, stamped: false, reason: /is missing/ },
  { what: 'npm was killed', files: { 'node_modules/left/package.json': {} }, stamped: false, reason: /incomplete/ },
  { what: 'all is there', files: modules, stamped: true, reason: undefined },
  { what: 'all is there, installed by hand', files: modules, stamped: false, reason: undefined },
  {
    what: 'a package was deleted',
    files: { 'node_modules/.package-lock.json': installed },
    stamped: true,
    reason: /node_modules\/left is missing/,
  },
  {
    what: 'another version is installed',
    files: {
      ...modules,
      'package-lock.json': { packages: { ...lockfile.packages, 'node_modules/left': { version: '2.0.0' } } },
    },
    stamped: false,
    reason: /changed/,
  },
  {
    what: 'a manifest asks for more than the lockfile has',
    files: { ...modules, 'packages/core/package.json': { ...coreManifest, devDependencies: { right: '1.0.0' } } },
    stamped: false,
    reason: /changed/,
  },
]
for (const { what, files: state, stamped, reason } of states) {
  test(`reasonToInstall() when ${what}`, () => {
    using repository = createRepository({ ...files, ...state })
    const hash = installHash(repository.root)
    if (stamped) writeStamp(repository.root, hash)
    const found = reasonToInstall(repository.root, hash)
    if (reason === undefined) assert.equal(found, undefined)
    else assert.match(found ?? '', reason)
  })
}

for (const [output, cause] of [
  [
    'npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync',
    /does not match/,
  ],
  ['npm error code ENOTFOUND', /cannot be reached/],
  ['npm error code ENOSPC', /disk is full/],
  ['npm error code EINTEGRITY', /not the one/],
  ['npm error code EACCES', /cannot be replaced/],
  ['npm error code E404', /does not serve/],
  ['boom', /no reason/],
] as const) {
  test(`explainFailure() knows "${output.slice(0, 40)}"`, () => {
    const explained = explainFailure(output)
    assert.match(explained.cause, cause)
    assert.notEqual(explained.fix, '')
  })
}

test('tailOf() keeps the end of what npm said, without its manual page', () => {
  const said = Array.from({ length: 40 }, (_, index) => `npm error line ${index}`)
  const lines = tailOf([...said, 'npm error Clean install a project', 'npm error Usage:'].join('\n')).split('\n')
  assert.equal(lines.at(-1), 'npm error line 39')
  assert.equal(lines.length, 25)
})

const addon = { owner: 'packages/core', entry: 'native/load.cjs', fallback: 'plain', cost: 'it is slower' }
const withAddon: RepositoryFiles = {
  'packages/core/package.json': { dependencies: { native: '1.0.0', plain: '1.0.0' } },
  'node_modules/native/package.json': {},
  'node_modules/native/load.cjs': '',
  'node_modules/plain/package.json': { main: 'index.cjs' },
  'node_modules/plain/index.cjs': '',
}
const throws = "throw new Error('wrong libc')"

for (const { what, edit, ok, notes } of [
  { what: 'passes when the addon loads', edit: {}, ok: true, notes: [] },
  {
    what: 'tells the cost when only the fallback loads',
    edit: { 'node_modules/native/load.cjs': throws },
    ok: true,
    notes: [/native\/load\.cjs does not load on .* \(wrong libc\); it is slower/],
  },
  {
    what: 'fails when neither loads',
    edit: { 'node_modules/native/load.cjs': throws, 'node_modules/plain/index.cjs': throws },
    ok: false,
    notes: [/neither native\/load\.cjs \(wrong libc\) nor plain \(wrong libc\)/, /to fix it/],
  },
  {
    what: 'skips an addon that nobody depends on',
    edit: { 'packages/core/package.json': {}, 'node_modules/native/load.cjs': throws },
    ok: true,
    notes: [],
  },
]) {
  test(`checkAddons() ${what}`, () => {
    using repository = createRepository({ ...withAddon, ...edit })
    const found = checkAddons(repository.root, process.execPath, [addon])
    assert.equal(found.ok, ok)
    assert.equal(found.notes.length, notes.length)
    for (const [index, pattern] of notes.entries()) assert.match(found.notes[index] ?? '', pattern)
  })
}
