import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sandboxFlags } from '../../src/executor/executor-process.ts'

const FILES = ['read a file', 'read the own program', 'list a folder', 'write a file']
const NETWORK = ['connect a socket', 'listen on a port', 'send a datagram', 'resolve a name']
const OTHER = ['start a program', 'open an inspector']

test('a process with the flags of an executor can reach nothing, nor can its threads', async () => {
  const folder = fileURLToPath(new URL('./fixtures/', import.meta.url))
  const probe = fileURLToPath(new URL('./fixtures/probe.ts', import.meta.url))
  const source = fileURLToPath(new URL('../../src/', import.meta.url))
  const flags = sandboxFlags({ heapMegabytesMax: 64, readable: [folder, source] })
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, probe], { env: {} })
  const { main, thread, env } = JSON.parse(stdout)
  for (const found of [main, thread]) {
    for (const name of [...FILES, ...NETWORK, ...OTHER]) assert.equal(found[name], 'ERR_ACCESS_DENIED', name)
    assert.equal(found['load an addon'], 'ERR_DLOPEN_DISABLED')
    assert.match(found['run a text as code'], /EvalError/)
  }
  assert.equal(thread['start a thread'], 'ERR_ACCESS_DENIED')
  assert.deepEqual(env, {})
})
