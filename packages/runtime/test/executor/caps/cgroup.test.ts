import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Cgroups } from '../../../src/executor/caps/cgroup.ts'

/** A folder that looks like the kernel's: what is written there is only kept, so this shows what we ask for. */
function fakeKernel(own: string, controllers: string): { mount: string; self: string; group: string } & Disposable {
  const mount = mkdtempSync(join(tmpdir(), 'blockless-cgroup-'))
  const group = join(mount, 'unit')
  mkdirSync(group)
  writeFileSync(join(group, 'cgroup.controllers'), `${controllers}\n`)
  const self = join(mount, 'self')
  writeFileSync(self, own)
  return { mount, self, group, [Symbol.dispose]: () => rmSync(mount, { recursive: true }) }
}

test('Cgroups.create() says why there are none', () => {
  using old = fakeKernel('4:memory:/x\n', 'cpu memory')
  assert.equal(Cgroups.create(old), 'the machine has no cgroup version 2')
  using bare = fakeKernel('0::/unit\n', 'hugetlb')
  assert.equal(Cgroups.create(bare), 'its control group has no cpu and no memory controller')
  using gone = fakeKernel('0::/elsewhere\n', 'cpu memory')
  assert.match(String(Cgroups.create(gone)), /^the kernel does not allow it \(ENOENT/)
})

test('Cgroups move this process aside and give each executor a group with its caps', () => {
  using kernel = fakeKernel('0::/unit\n', 'cpuset cpu io memory pids')
  const groups = Cgroups.create(kernel)
  assert.ok(groups instanceof Cgroups)
  assert.equal(readFileSync(join(kernel.group, 'blockless-node', 'cgroup.procs'), 'utf8'), String(process.pid))
  assert.equal(readFileSync(join(kernel.group, 'cgroup.subtree_control'), 'utf8'), '+cpu +memory')
  const leave = groups.confine(4711, { memoryBytes: 1_000_000, cpus: 1.5 })
  const group = join(kernel.group, 'blockless-executor-4711')
  const asked = ['memory.max', 'cpu.max', 'cgroup.procs'].map((name) => readFileSync(join(group, name), 'utf8'))
  assert.deepEqual(asked, ['1000000', '150000 100000', '4711'])
  // a real group has no files of its own that keep it from being removed
  for (const name of ['memory.max', 'cpu.max', 'cgroup.procs']) rmSync(join(group, name))
  leave()
  assert.equal(existsSync(group), false)
})

test('Cgroups.create() finds its group again once it has moved aside', () => {
  using kernel = fakeKernel('0::/unit/blockless-node\n', 'cpu memory')
  assert.ok(Cgroups.create(kernel) instanceof Cgroups)
  assert.equal(existsSync(join(kernel.group, 'blockless-node', 'blockless-node')), false)
})
