import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import { createGate, createHttpFamily, createPolicy, RunHost } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import { echoRequest, startHttpServer } from '../host/http/test-server.ts'
import { requestOf, startExecutor, textOf } from '../run-helpers.ts'

/** Hands stdin to `rpc_call` and writes the response to stdout; exits with what it returned. */
const PROGRAM = `(module
  (import "bless" "rpc_call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "blockless_memory" "memory_read" (func $input (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 4)
  (func (export "_start")
    (local $code i32)
    (drop (call $input (i32.const 1024) (i32.const 60000) (i32.const 0)))
    (local.set $code
      (call $call (i32.const 1024) (i32.load (i32.const 0)) (i32.const 65536) (i32.const 131072) (i32.const 8)))
    (i32.store (i32.const 4) (i32.const 65536))
    (drop (call $write (i32.const 1) (i32.const 4) (i32.const 1) (i32.const 12)))
    (call $exit (local.get $code))))`

test('a program asks over JSON-RPC, by way of the executor', async () => {
  await using server = await startHttpServer((incoming, response) => void echoRequest(incoming, response))
  await using executor = await startExecutor()
  await executor.prepare('rpc', await compileWat(PROGRAM))
  const operator = { allow: ['http://*:*'], allowPrivate: ['127.0.0.1'] }
  const gate = createGate(createPolicy({ manifest: [`${server.origin}/allowed`], operator }))
  const ask = async (request: unknown) => {
    await using host = new RunHost(
      { families: [createHttpFamily()], clock: systemClock, log: silentLogger },
      { functionCid: 'rpc', gate },
    )
    const stdin = typeof request === 'string' ? request : JSON.stringify(request)
    const { exit, stdout } = await executor.run(requestOf('rpc', { stdin, outputBytes: 200_000 }), undefined, host)
    return { code: exit.code, response: exit.code === 0 ? JSON.parse(textOf(stdout)) : undefined }
  }
  assert.deepEqual(await ask('{"jsonrpc":"2.0","method":"ping","id":1}'), {
    code: 0,
    response: { jsonrpc: '2.0', result: 'pong', id: 1 },
  })
  assert.equal((await ask('no JSON')).code, 1)
  const options = { method: 'POST', body: [{ name: 'a', value: { Text: 'ä' } }], query_params: { q: '1' } }
  const { response } = await ask({ method: 'http.request', params: { url: `${server.origin}/allowed`, options } })
  const arrived = JSON.parse(Buffer.from(response.result.data.body).toString())
  assert.deepEqual([arrived.method, arrived.url], ['POST', '/allowed?q=1'])
  assert.match(arrived.body, /name="a"\r\n\r\nÃ¤\r\n/)
  const denied = await ask({ method: 'http.request', params: { url: `${server.origin}/other` } })
  assert.match(denied.response.result.error, /^Not allowed: "http:.*" in the manifest's "permissions" needed$/)
})
