import assert from 'node:assert/strict'
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectNode, safeNode } from '../setup/node-binary.mjs'
import { createRepository, type TemporaryRepository } from './temporary-repository.ts'

const own = 'node_modules/node-here/bin/node'

/** A repository whose Nodes are scripts that print a version. */
function createNodes(nodes: Readonly<Record<string, string>>): TemporaryRepository {
  const scripts = Object.entries(nodes).map(([path, version]) => [path, `#!/bin/sh\necho ${version}\n`])
  const repository = createRepository(Object.fromEntries(scripts))
  for (const path of Object.keys(nodes)) chmodSync(join(repository.root, path), 0o755)
  return repository
}

test('safeNode() takes the running Node when npm does not delete it', () => {
  using repository = createNodes({ 'system/node': 'v26.0.0' })
  const execPath = join(repository.root, 'system/node')
  assert.equal(safeNode(repository.root, { execPath, platform: 'linux', env: {} }).path, execPath)
})

test('safeNode() takes the Node that runs npm, or the one on PATH, instead of one in node_modules', () => {
  using repository = createNodes({ [own]: 'v26.0.0', 'system/node': 'v20.0.0' })
  const execPath = join(repository.root, own)
  const system = join(repository.root, 'system/node')
  for (const env of [{ npm_node_execpath: system }, { PATH: `${join(execPath, '..')}:${join(system, '..')}` }]) {
    assert.equal(safeNode(repository.root, { execPath, platform: 'linux', env }).path, system)
  }
})

test('safeNode() copies the Node in node_modules aside when there is no other', () => {
  using repository = createNodes({ [own]: 'v26.0.0' })
  const execPath = join(repository.root, own)
  const { path, restore } = safeNode(repository.root, { execPath, platform: 'linux', env: {} })
  rmSync(join(repository.root, 'node_modules'), { recursive: true })
  assert.ok(existsSync(path))
  restore()
  assert.ok(!existsSync(path))
})

test('safeNode() moves a running Node on Windows, where it cannot be deleted, and puts it back if npm did not', () => {
  using repository = createNodes({ [own]: 'v26.0.0' })
  const execPath = join(repository.root, own)
  const { path, restore } = safeNode(repository.root, { execPath, platform: 'win32', env: {} })
  assert.ok(!existsSync(execPath))
  assert.match(path, /\.cache[/\\]setup[/\\]node-\d+\.exe$/)
  restore()
  assert.ok(existsSync(execPath))
})

test('projectNode() takes the Node in node_modules when it runs and is recent', () => {
  using repository = createNodes({ 'node_modules/.bin/node': 'v26.1.0' })
  assert.deepEqual(projectNode(repository.root, { PATH: '' }), {
    path: join(repository.root, 'node_modules/.bin/node'),
  })
})

test('projectNode() removes a Node that does not run here when PATH has a recent one', () => {
  using repository = createNodes({ 'node_modules/.bin/node': 'v26.1.0; exit 127', 'system/node': 'v27.0.0' })
  const found = projectNode(repository.root, { PATH: join(repository.root, 'system') })
  assert.deepEqual(found, { path: join(repository.root, 'system/node') })
  assert.ok(!existsSync(join(repository.root, 'node_modules/.bin/node')))
})

test('projectNode() names the platform and the version found when no Node is recent', () => {
  using repository = createNodes({ 'system/node': 'v20.0.0' })
  const found = projectNode(repository.root, { PATH: join(repository.root, 'system') })
  assert.match('problem' in found ? found.problem : '', /no Node 26 binary for .*PATH is v20\.0\.0; install Node 26/)
})
