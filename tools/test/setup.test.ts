import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { REPOSITORY_ROOT } from '../repository/files.ts'
import { installHash, readStamp } from '../setup/stamp.mjs'
import { files, installed, lockfile } from './setup-fixture.ts'
import { createRepository, type TemporaryRepository } from './temporary-repository.ts'

/** Stands in for npm: writes what npm would, as slowly and as badly as the environment says. */
const FAKE_NPM = `
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
appendFileSync('npm.log', process.argv.slice(2, 3) + ' start\\n')
rmSync('node_modules', { recursive: true, force: true })
if (process.env.FAKE_NPM_FAILS) { console.error('npm error code ENOTFOUND'); process.exit(1) }
await new Promise((resolve) => setTimeout(resolve, Number(process.env.FAKE_NPM_MS ?? 0)))
mkdirSync('node_modules/.bin', { recursive: true })
symlinkSync(process.execPath, 'node_modules/.bin/node')
mkdirSync('node_modules/left')
writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(JSON.stringify(installed))})
appendFileSync('npm.log', 'ci end\\n')
`

function createWithSetup(): TemporaryRepository {
  const repository = createRepository({ ...files, 'fake/npm-cli.mjs': FAKE_NPM })
  cpSync(join(REPOSITORY_ROOT, 'tools/setup.mjs'), join(repository.root, 'tools/setup.mjs'))
  cpSync(join(REPOSITORY_ROOT, 'tools/setup'), join(repository.root, 'tools/setup'), { recursive: true })
  return repository
}

function startSetup(root: string, env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [join(root, 'tools/setup.mjs')], {
    cwd: root,
    env: { ...process.env, npm_execpath: join(root, 'fake/npm-cli.mjs'), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

async function finish(child: ChildProcess): Promise<{ code: number; output: string }> {
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, output }
}

function npmCalls(root: string): string[] {
  return readFileSync(join(root, 'npm.log'), 'utf8').trim().split('\n')
}

test('setup installs once, then is silent, then installs again when the lockfile changed', async () => {
  using repository = createWithSetup()
  const first = await finish(startSetup(repository.root))
  assert.equal(first.code, 0, first.output)
  assert.match(first.output, /^setup: node_modules is missing; installing dependencies/)
  assert.equal(readStamp(repository.root), installHash(repository.root))
  assert.deepEqual(await finish(startSetup(repository.root)), { code: 0, output: '' })
  repository.write({
    'package-lock.json': { packages: { ...lockfile.packages, 'node_modules/more': { version: '1.0.0' } } },
  })
  assert.match((await finish(startSetup(repository.root))).output, /a package.json changed; installing/)
  assert.deepEqual(npmCalls(repository.root), ['ci start', 'ci end', 'ci start', 'ci end'])
})

test('setup prints what npm said, the cause and a fix when npm fails', async () => {
  using repository = createWithSetup()
  const { code, output } = await finish(startSetup(repository.root, { FAKE_NPM_FAILS: '1' }))
  assert.equal(code, 1)
  assert.match(
    output,
    /npm error code ENOTFOUND\nsetup: npm ci failed: the package registry cannot be reached\nsetup: to fix it: /,
  )
  assert.ok(!existsSync(join(repository.root, '.cache/setup.lock')))
  assert.equal((await finish(startSetup(repository.root))).code, 0)
})

test('setup waits for a setup that already runs and then finds nothing to do', async () => {
  using repository = createWithSetup()
  const runs = Array.from({ length: 3 }, () => finish(startSetup(repository.root, { FAKE_NPM_MS: '500' })))
  const results = await Promise.all(runs)
  assert.deepEqual(
    results.map(({ code }) => code),
    [0, 0, 0],
  )
  assert.equal(results.filter(({ output }) => output.includes('waiting for the setup that process')).length, 2)
  assert.deepEqual(npmCalls(repository.root), ['ci start', 'ci end'])
})

test('setup takes over from one that was killed, after the npm it left has ended', async () => {
  using repository = createWithSetup()
  const killed = startSetup(repository.root, { FAKE_NPM_MS: '1000' })
  const end = finish(killed)
  while (!existsSync(join(repository.root, 'npm.log'))) await delay(20)
  killed.kill('SIGKILL')
  const next = await finish(startSetup(repository.root))
  await end
  assert.equal(next.code, 0, next.output)
  assert.deepEqual(npmCalls(repository.root), ['ci start', 'ci end'])
})

test('setup takes over a lock whose owner and npm are both gone', async () => {
  using repository = createWithSetup()
  const gone = spawn(process.execPath, ['-e', '0'])
  await once(gone, 'close')
  repository.write({ '.cache/setup.lock': 'torn by a cra' })
  assert.equal((await finish(startSetup(repository.root))).code, 0)
  rmSync(join(repository.root, 'node_modules'), { recursive: true })
  const owner = { host: hostname(), pid: gone.pid, child: gone.pid }
  repository.write({ '.cache/setup.lock': owner })
  const both = await Promise.all([finish(startSetup(repository.root)), finish(startSetup(repository.root))])
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  )
  assert.deepEqual(npmCalls(repository.root), ['ci start', 'ci end', 'ci start', 'ci end'])
})

test('setup says what to do when no recent Node is there', async () => {
  using repository = createWithSetup()
  const old = join(repository.root, 'old')
  repository.write({ 'old/node': '#!/bin/sh\necho v20.0.0\n' })
  const withoutNode = FAKE_NPM.replace(/symlinkSync\(.*\)\n/, '\n')
  repository.write({ 'fake/npm-cli.mjs': withoutNode })
  const { code, output } = await finish(
    startSetup(repository.root, { PATH: old, npm_node_execpath: join(old, 'node') }),
  )
  assert.equal(code, 1)
  assert.match(output, /npm has no Node 26 binary for .*install Node 26 or newer/)
})
