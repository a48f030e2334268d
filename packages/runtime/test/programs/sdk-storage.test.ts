import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import { createGate, createPolicy, type Executor, RunHost, type RunReport } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import { IpfsFamily } from '../../src/host/ipfs/ipfs-family.ts'
import { LlmFamily } from '../../src/host/llm/llm-family.ts'
import { S3Family } from '../../src/host/s3/s3-family.ts'
import type { HostFamily } from '../../src/host-call/host-family.ts'
import type { Gate } from '../../src/policy/gate.ts'
import { type MfsServer, startMfsServer } from '../host/ipfs/mfs-server.ts'
import { startChatServer } from '../host/llm/chat-server.ts'
import { type S3Server, startS3Server } from '../host/s3/s3-server.ts'
import { openSession, RecordingGate } from '../host/session-bench.ts'
import { deterministicPart, requestOf, startExecutor, textOf } from '../run-helpers.ts'
import { compileSdkExample, compileSdkProgram } from './compile-sdk-program.ts'

const S3_PROGRAM = `
  import { Console, CommandLine } from "as-wasi/assembly"
  import { Bucket, S3Configure } from "@blockless/sdk/assembly/awss3"

  const config = new S3Configure("S3RVER", "S3RVER", CommandLine.all[1])
  const bucket = new Bucket("photos", config)
  Console.log("put " + bucket.putObject("folder/one.txt", [72, 101, 108, 108, 111]).toString())
  const large = new Array<u8>(5000).fill(33)
  Console.log("put large " + bucket.putObject("large", large).toString())
  const got = bucket.getObject("folder/one.txt")
  Console.log("get " + String.UTF8.decodeUnsafe(got!.dataStart, got!.length))
  Console.log("get large " + bucket.getObject("large")!.length.toString())
  const pages = bucket.list("folder/")
  Console.log("list " + pages![0].name + " " + pages![0].contents[0].key + " " + pages![0].contents[0].size.toString())
  Console.log("delete " + bucket.deleteObject("folder/one.txt").toString())
  Console.log("gone " + (bucket.getObject("folder/one.txt") == null).toString())
`

/** Opens a model, says "hi", and writes the answer to stdout. */
const LLM_PROGRAM = `(module
  (import "blockless_llm" "llm_set_model_request" (func $open (param i32 i32 i32) (result i32)))
  (import "blockless_llm" "llm_prompt_request" (func $prompt (param i32 i32 i32) (result i32)))
  (import "blockless_llm" "llm_read_prompt_response" (func $answer (param i32 i32 i32 i32) (result i32)))
  (import "blockless_llm" "llm_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "modelhi")
  (func $must (param i32) (if (local.get 0) (then unreachable)))
  (func (export "_start")
    (call $must (call $open (i32.const 100) (i32.const 0) (i32.const 5)))
    (call $must (call $prompt (i32.load (i32.const 100)) (i32.const 5) (i32.const 2)))
    (call $must (call $answer (i32.load (i32.const 100)) (i32.const 200) (i32.const 1000) (i32.const 112)))
    (call $must (call $close (i32.load (i32.const 100))))
    (i32.store (i32.const 108) (i32.const 200))
    (call $must (call $write (i32.const 1) (i32.const 108) (i32.const 1) (i32.const 120)))))`

suite('programs of the existing SDK that store things', () => {
  let executor: Executor
  let files: MfsServer
  let buckets: S3Server
  before(async () => {
    executor = await startExecutor()
    files = await startMfsServer()
    buckets = await startS3Server()
    const [ipfs, s3] = await Promise.all([compileSdkExample('ipfs'), compileSdkProgram(S3_PROGRAM)])
    await executor.prepare('ipfs', ipfs)
    await executor.prepare('s3', s3)
  })
  after(async () => {
    await executor.stop()
    await files[Symbol.asyncDispose]()
    await buckets[Symbol.asyncDispose]()
  })

  async function run(
    name: string,
    families: readonly HostFamily[],
    args: readonly string[] = [],
    gate?: Gate,
  ): Promise<RunReport> {
    const components = { families, clock: systemClock, log: silentLogger }
    const recorded = { functionCid: name, gate: gate ?? new RecordingGate() }
    await using host = new RunHost(components, recorded)
    const request = requestOf(name, { args, fuel: 1_000_000_000 })
    const report = await executor.run(request, undefined, host)
    await using replayed = new RunHost({ ...components, families: [] }, { ...recorded, replay: host.transcript })
    const again = await executor.run(request, undefined, replayed)
    assert.deepEqual(deterministicPart(again), deterministicPart(report), 'its record alone gives the same run')
    return report
  }

  test('the IPFS example runs unchanged', async () => {
    const family = new IpfsFamily({ endpoint: new URL(files.origin) })
    const report = await run('ipfs', [family])
    assert.deepEqual(report.exit, { kind: 'exit', code: 0 }, textOf(report.stderr))
    const lines = textOf(report.stdout).split('\n')
    assert.deepEqual(lines.slice(0, 5), ['remove ', 'remove true', 'remove2 true', 'crate dir "/1" true', ''])
    assert.deepEqual(lines.slice(5, 7), ['write file "/2.txt" true', 'read n: "6" value: "ABCDEF"'])
    assert.match(
      lines[7] ?? '',
      /^filestat file "\/2\.txt" hash:"\w+", size:6, blocks:\d+, type:"file", cumulativeSize:\d+$/,
    )
    const stored: Uint8Array[] = []
    for await (const part of files.files.cat('/blockless/ipfs/2.txt')) stored.push(part)
    assert.equal(Buffer.concat(stored).toString(), 'ABCDEF')
  })

  test('a program puts, gets, lists and deletes objects in a bucket', async () => {
    await using session = openSession(new S3Family())
    await session.call('s3.command', { command: 1, options: buckets.options() })
    const operator = { allow: ['s3:*'], allowPrivate: ['127.0.0.1'] }
    const gateOf = (permission: string): Gate => createGate(createPolicy({ manifest: [permission], operator }))
    const report = await run('s3', [new S3Family()], [buckets.endpoint], gateOf(`s3:${buckets.endpoint}/photos`))
    assert.deepEqual(textOf(report.stdout).split('\n'), [
      'put true',
      'put large true',
      'get Hello',
      'get large 5000',
      'list photos folder/one.txt 5',
      'delete true',
      'gone true',
      '',
    ])
    assert.deepEqual(report.exit, { kind: 'exit', code: 0 })
    for (const permission of [`s3:read:${buckets.endpoint}/photos`, `s3:${buckets.endpoint}/other`, 's3:http://*']) {
      const refused = await run('s3', [new S3Family()], [buckets.endpoint], gateOf(permission))
      assert.match(textOf(refused.stdout), /^put false\nput large false\n/, permission)
    }
  })

  test('a program talks to a model', async () => {
    await using server = await startChatServer(({ messages }) => `you said ${messages[0]?.content}`)
    await executor.prepare('llm', await compileWat(LLM_PROGRAM))
    const report = await run('llm', [new LlmFamily({ endpoint: server.endpoint, models: { model: 'any' } })])
    assert.deepEqual([textOf(report.stdout), report.exit], ['you said hi', { kind: 'exit', code: 0 }])
  })

  test('a program that may reach nothing is told so by the SDK', async () => {
    const gate = new RecordingGate(() => false)
    const report = await run('ipfs', [new IpfsFamily({ endpoint: new URL(files.origin) })], [], gate)
    assert.match(textOf(report.stdout), /remove false/)
  })
})
