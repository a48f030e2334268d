import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { silentLogger, systemClock, type Transcript } from '@blockless/core'
import { type Executor, RunHost, type RunReport } from '@blockless/runtime'
import { compileWat } from '@blockless/testing'
import { ExtensionStore } from '../../src/host/extension/extension-store.ts'
import { isAlive } from '../../src/host/extension/run-folders.ts'
import { createExtensionFamilies } from '../../src/host/extension-families.ts'
import { CLOSED_GATE, type Gate } from '../../src/policy/gate.ts'
import { eventually, openGate, type TestFolder, tcpServer, testFolder } from '../host/host-helpers.ts'
import { codeOf, requestOf, startExecutor, textOf } from '../run-helpers.ts'
import { compileSdkProgram } from './compile-sdk-program.ts'

/** The protocol of the SDK's examples: a length, a line end, and a call; answered by its words in capitals. */
const EXTENSION = `#!${process.execPath}
if (process.argv[2] === '--ext_verify') {
  console.log('{"alias":"upper","description":"in capitals","is_cgi":true,"envs":["TAIL"]}')
  process.exit()
}
console.error('args ' + process.argv.slice(2) + ', tail ' + process.env.TAIL)
process.stdin.on('data', (bytes) => {
  const call = /\\{.*\\}/.exec(bytes)
  if (call) process.stdout.write(call[0].toUpperCase())
})
`

const SDK_PROGRAM = `
  import { Console } from "as-wasi/assembly"
  import { CgiCommand, Env, cgiExtendsList } from "@blockless/sdk/assembly/cgi"
  import { buffer2string } from "@blockless/sdk/assembly/strings"

  const list = cgiExtendsList()!
  for (let index = 0; index < list.length; index++) Console.log(list[index].alias + ": " + list[index].description)
  const command = new CgiCommand("upper", ["-x"], [new Env("TAIL", "set")])
  Console.log("exec " + command.exec().toString())
  Console.log(command.callMethod("greet", ["you"]))
  const buffer = new Array<u8>(1024)
  Console.log(buffer2string(buffer, command.stderrRead(buffer)))
  command.close()
  Console.log("none " + new CgiCommand("none", null, null).exec().toString())
`

/** Opens what its argument says, sends "ping", and writes what comes back to stdout until the end. */
const STREAM_PROGRAM = await compileWat(`(module
  (import "blockless_drivers" "blockless_open" (func $open (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "ping")
  (func $must (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func (export "_start") (local $fd i32)
    (call $must (call $sizes (i32.const 100) (i32.const 104)))
    (call $must (call $args (i32.const 108) (i32.const 200)))
    ;; the URL is the second argument, and ends with the texts
    (call $must (call $open (i32.load (i32.const 112))
      (i32.sub (i32.sub (i32.add (i32.const 200) (i32.load (i32.const 104))) (i32.load (i32.const 112))) (i32.const 1))
      (i32.const 0) (i32.const 0) (i32.const 116)))
    (local.set $fd (i32.load (i32.const 116)))
    (i32.store (i32.const 120) (i32.const 0))
    (i32.store (i32.const 124) (i32.const 4))
    (call $must (call $write (local.get $fd) (i32.const 120) (i32.const 1) (i32.const 128)))
    (i32.store (i32.const 120) (i32.const 1000))
    (loop $more
      (i32.store (i32.const 124) (i32.const 1000))
      (call $must (call $read (local.get $fd) (i32.const 120) (i32.const 1) (i32.const 124)))
      (if (i32.load (i32.const 124)) (then
        (call $must (call $write (i32.const 1) (i32.const 120) (i32.const 1) (i32.const 128)))
        (br $more))))))`)

/** Starts the extension "pid", and then waits for an answer that does not come. */
const WAITING_PROGRAM = await compileWat(`(module
  (import "blockless_cgi" "cgi_open" (func $open (param i32 i32 i32) (result i32)))
  (import "blockless_cgi" "cgi_stdout_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\\22command\\22:\\22pid\\22}")
  (func (export "_start")
    (drop (call $open (i32.const 0) (i32.const 17) (i32.const 100)))
    (loop (drop (call $read (i32.load (i32.const 100)) (i32.const 200) (i32.const 100) (i32.const 108))) (br 0))))`)

const DRIVER = `
  const answers = new Map()
  export const open = (url) => { answers.set(7, ['driven by ' + url]); return 7 }
  export const read = (handle) => Buffer.from(answers.get(handle).shift() ?? '')
  export const write = (handle, bytes) => bytes.length
  export const close = () => {}
`

suite('programs that use extensions, drivers and sockets', () => {
  let executor: Executor
  let folder: TestFolder
  before(async () => {
    executor = await startExecutor()
    folder = await testFolder()
    const store = new ExtensionStore(join(folder.path, 'extensions'), { clock: systemClock })
    await store.add(await folder.program('upper', EXTENSION))
    const pidFile = join(folder.path, 'pid.txt')
    const pid = `#!/bin/sh\n[ "$1" = --ext_verify ] && echo '{"alias":"pid","is_cgi":true}' && exit\necho $$ > ${pidFile}; sleep 600\n`
    await store.add(await folder.program('pid', pid))
    await store.addDriver(await folder.program('driver.mjs', DRIVER), 'made')
    await executor.prepare('sdk', await compileSdkProgram(SDK_PROGRAM))
    await executor.prepare('stream', STREAM_PROGRAM)
    await executor.prepare('waiting', WAITING_PROGRAM)
  })
  after(async () => {
    await executor.stop()
    await folder[Symbol.asyncDispose]()
  })

  function createHost(gate: Gate, replay?: Transcript): RunHost {
    const families = createExtensionFamilies({ folder: join(folder.path, 'extensions') }, { clock: systemClock })
    const init = { functionCid: 'bafy', gate, ...(replay === undefined ? {} : { replay }) }
    return new RunHost({ families, clock: systemClock, log: silentLogger }, init)
  }

  async function run(name: string, args: readonly string[] = [], gate: Gate = openGate()): Promise<RunReport> {
    await using host = createHost(gate)
    return await executor.run(requestOf(name, { args, fuel: 1_000_000_000 }), undefined, host)
  }

  test('the SDK lists extensions, starts one, and calls it', async () => {
    const { stdout, exit } = await run('sdk')
    assert.deepEqual(textOf(stdout).split('\n').slice(0, 6), [
      'upper: in capitals',
      'pid: ',
      'exec true',
      '{"METHOD":"GREET","PARAMETERS":["YOU"]}',
      'args -x, tail set',
      '',
    ])
    assert.match(textOf(stdout), /none false\n$/)
    assert.deepEqual(exit, { kind: 'exit', code: 0 })
  })

  test('a connection and a driver are read and written through WASI', async () => {
    await using server = await tcpServer((socket) => void socket.once('data', (bytes) => socket.end(`got ${bytes}`)))
    assert.equal(textOf((await run('stream', [`tcp://127.0.0.1:${server.port}`])).stdout), 'got ping')
    assert.equal(textOf((await run('stream', ['made://here'])).stdout), 'driven by made://here')
    assert.deepEqual((await run('stream', ['none://here'])).exit, { kind: 'exit', code: 10 })
    assert.deepEqual((await run('stream', ['made://here'], CLOSED_GATE)).exit, { kind: 'exit', code: 14 })
  })

  test('a run is replayed from its record without the world', async () => {
    const server = await tcpServer((socket) => void socket.once('data', (bytes) => socket.end(`got ${bytes}`)))
    const request = requestOf('stream', { args: [`tcp://127.0.0.1:${server.port}`] })
    await using host = createHost(openGate())
    const first = await executor.run(request, undefined, host)
    await server[Symbol.asyncDispose]()
    await using again = createHost(CLOSED_GATE, host.transcript)
    const second = await executor.run(request, undefined, again)
    assert.deepEqual([second.stdout, second.exit, second.fuelUsed], [first.stdout, first.exit, first.fuelUsed])
  })

  test('an extension is killed when its run is over its deadline', async () => {
    await using host = createHost(openGate())
    const waiting = executor.run(requestOf('waiting', { deadlineMs: 3000 }), undefined, host)
    waiting.catch(() => {})
    const pidOf = async (): Promise<number> =>
      Number(await readFile(join(folder.path, 'pid.txt'), 'utf8').catch(() => 0))
    await eventually(async () => (await pidOf()) > 0, 'the start')
    const pid = await pidOf()
    assert.equal(await codeOf(waiting), 'ERR_DEADLINE')
    await host.close()
    assert.ok(!isAlive(pid))
  })
})
