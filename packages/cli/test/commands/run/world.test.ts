import assert from 'node:assert/strict'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { adviseOn } from '../../../src/commands/run/report/denial-advice.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { bls } from '../../support/test-io.ts'
import { getsUrl, SHOWS_FILE } from './programs.ts'

interface TestServer extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  readonly asked: number
}

async function startServer(): Promise<TestServer> {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.end(`answer ${asked}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    get asked() {
      return asked
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What `http_req` answers if it may not, or may not go where the name leads. */
const DENIED = 14
const NOT_THERE = 6

suite('bls run lets a function reach', () => {
  test('nothing unless it is told, and says which flag would allow it', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer()
    await folder.write('a.wat', getsUrl(`${server.origin}/x`))
    const io = { cwd: folder.path }
    const denied = await bls(io, 'run', 'a.wat')
    assert.equal(denied.exitCode, DENIED)
    const flag = `--permission ${server.origin}/`
    assert.equal(denied.stderr, `denied: ${server.origin}/\nhint: allow it with ${flag}\n`)
    assert.deepEqual(JSON.parse((await bls(io, 'run', 'a.wat', '--json')).stdout).denials, [
      { missing: `${server.origin}/`, hint: `allow it with ${flag}`, flag },
    ])
    assert.equal(server.asked, 0)
    assert.equal((await bls(io, 'run', 'a.wat', ...flag.split(' '))).stdout, 'answer 1')
  })

  const allowed = (port: number): readonly string[][] => [
    ['--allow-all'],
    ['--allow-net'],
    [`--allow-net=other.example,127.0.0.1:${port}`],
    [`--allow-net=*:${port}`],
    ['--permission', 'http://127.0.0.1:*/x'],
    ['--permission', 'http://*:*/', '--allow-private', `127.0.0.1:${port}`],
  ]
  const denied = (port: number): readonly string[][] => [
    ['--allow-net=127.0.0.2'],
    ['--permission', `http://127.0.0.1:${port}/y`],
    ['--permission', 'http://*:*/'],
    ['--allow-all', '--deny-net'],
    ['--allow-net', '--deny-net=127.0.0.1'],
  ]
  test('what flags allow, and not what they deny', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer()
    await folder.write('a.wat', getsUrl(`${server.origin}/x`))
    const io = { cwd: folder.path }
    for (const flags of allowed(server.port)) {
      const { exitCode, stderr } = await bls(io, 'run', ...flags, 'a.wat')
      assert.equal(exitCode, 0, `${flags.join(' ')} ${stderr}`)
    }
    for (const flags of denied(server.port)) {
      const { exitCode, stderr } = await bls(io, 'run', ...flags, 'a.wat')
      assert.ok(exitCode === DENIED || exitCode === NOT_THERE, flags.join(' '))
      assert.match(stderr, /^denied: /)
    }
  })

  test('private addresses that a package asks for only if the user allows them', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer()
    await folder.write('a.wat', getsUrl(`${server.origin}/x`))
    await folder.write('c.json', JSON.stringify({ entry: 'a.wat', permissions: [`${server.origin}/`] }))
    const io = { cwd: folder.path }
    const ran = await bls(io, 'run', 'c.json')
    assert.equal(ran.exitCode, NOT_THERE)
    const flag = `--allow-private 127.0.0.1:${server.port}`
    assert.match(ran.stderr, new RegExp(`hint: allow it with ${flag}`))
    assert.equal((await bls(io, 'run', 'c.json', ...flag.split(' '))).stdout, 'answer 1')
  })

  test("what an operator's file offers and bounds", async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer()
    await folder.write('a.wat', getsUrl(`${server.origin}/x`))
    const permissions = { allow: ['*'], deny: [`net:127.0.0.1:${server.port}`] }
    await folder.write('operator.json', JSON.stringify({ permissions }))
    const ran = await bls({ cwd: folder.path }, 'run', 'a.wat', '--allow-net', '--operator', 'operator.json')
    assert.match(ran.stderr, /is denied\nhint: a flag --deny-… or the operator's file says so/)
  })
})

suite('bls run --record', () => {
  test('writes what --replay needs when the server is gone and the files are others', async () => {
    await using folder = await temporaryFolder()
    await folder.write('files.wat', SHOWS_FILE)
    await folder.write('d/f.txt', 'as it was')
    const io = { cwd: folder.path }
    {
      await using server = await startServer()
      await folder.write('http.wat', getsUrl(`${server.origin}/x`))
      const made = await bls(io, 'run', 'http.wat', '--allow-net', '--record', 'http.rec')
      assert.equal(made.stdout, 'answer 1')
      assert.match(made.stderr, /^recorded in http\.rec\n/)
    }
    await bls(io, 'run', 'files.wat', '--dir', 'd', '--record', 'files.rec', '--clock', 'real')
    assert.equal((await stat(`${folder.path}/files.rec`)).mode & 0o777, 0o600)
    await writeFile(`${folder.path}/d/f.txt`, 'as it is now')
    const first = await bls(io, 'run', 'http.wat', '--replay', 'http.rec')
    assert.equal(first.stdout, 'answer 1')
    assert.match(first.stderr, /^replayed: same exit, output, fuel and memory; \d+ host calls from the record\n/)
    assert.equal((await bls(io, 'run', 'files.wat', '--replay', 'files.rec')).stdout, 'as it was')
    const json = JSON.parse((await bls(io, 'run', 'http.wat', '--replay', 'http.rec', '--json')).stdout)
    assert.equal(json.replayedCalls, json.hostCalls.count)
  })

  test('is refused with another program, or other flags, and names what differs', async () => {
    await using folder = await temporaryFolder()
    await folder.write('files.wat', SHOWS_FILE)
    await folder.write('d/f.txt', 'x')
    const io = { cwd: folder.path }
    await bls(io, 'run', 'files.wat', '--dir', 'd', '--record', 'a.rec')
    await folder.write('other.wat', `${SHOWS_FILE} ;; other`.replace('i32.const 99', 'i32.const 98'))
    const cases: readonly (readonly [args: readonly string[], words: RegExp])[] = [
      [['other.wat', '--replay', 'a.rec'], /the module has the SHA-256 \w{64}, the recording was made with \w{64}/],
      [['files.wat', '--replay', 'a.rec', '--deadline', '1s'], /Cannot use "--deadline" with --replay/],
      [['files.wat', 'more', '--replay', 'a.rec'], /Cannot use "more" with --replay/],
      [['files.wat', '--replay', 'a.rec', '--record', 'b.rec'], /Cannot use "--record" with --replay/],
      [['files.wat', '--replay', 'files.wat'], /Cannot use recording ".*files\.wat": it is no recording/],
      [['files.wat', '--replay', 'none'], /none": it does not exist/],
    ]
    for (const [args, words] of cases) {
      const ran = await bls(io, 'run', ...args)
      assert.match(ran.stderr, words)
      assert.equal(ran.exitCode, 128)
    }
  })

  test('says where a replay leaves a recording that was tampered with', async () => {
    await using folder = await temporaryFolder()
    await folder.write('files.wat', SHOWS_FILE)
    await folder.write('d/f.txt', 'x')
    const io = { cwd: folder.path }
    await bls(io, 'run', 'files.wat', '--dir', 'd', '--record', 'a.rec')
    const path = `${folder.path}/a.rec`
    const bytes = await readFile(path)
    const { decodeRecording, encodeRecording } = await import('@blockless/runtime')
    const recording = decodeRecording(bytes)
    await chmod(path, 0o600)
    const short = { ...recording, transcript: recording.transcript.slice(0, 1) }
    await writeFile(path, encodeRecording(short))
    const diverged = await bls(io, 'run', 'files.wat', '--replay', 'a.rec')
    assert.equal(diverged.exitCode, 255)
    assert.match(
      diverged.stderr,
      /of its host call 1 \("fs\.\w+"\), the record ends before it.*\ncode: ERR_REPLAY_DIVERGED/,
    )
    const result = { ...recording.result, fuelUsed: 1 }
    await writeFile(path, encodeRecording({ ...recording, result }))
    const differs = await bls(io, 'run', 'files.wat', '--replay', 'a.rec')
    assert.equal(differs.exitCode, 255)
    assert.match(differs.stderr, /Cannot vouch for replay: its fuel differ.*\ncode: ERR_REPLAY_DIFFERS/)
  })
})

const ADVICE: readonly (readonly [missing: string, hint: RegExp])[] = [
  [`"https://a.example/" in the manifest's "permissions"`, /^allow it with --permission https:\/\/a\.example\/$/],
  [`"tcp:db:5432" in the operator's "allow"`, /^allow it with --permission tcp:db:5432$/],
  [`"read:/a b" in the manifest's "permissions"`, /^allow it with --allow-read='\/a b'$/],
  [`"write:/a" in the request's "permissions"`, /^allow it with --allow-write=\/a$/],
  [`"[::1]:80" in the operator's "allowPrivate"`, /^allow it with --allow-private '\[::1\]:80'$/],
  [`"s3:read:https://x/it's" in the operator's "allow"`, /--permission 's3:read:https:\/\/x\/it'\\''s'$/],
  [`no "net:*:25" in the operator's "deny"`, /^a flag --deny-/],
  ['this run may reach nothing', /^see --help/],
]
for (const [missing, hint] of ADVICE) {
  test(`adviseOn() says what helps against ${missing}`, () => {
    assert.match(adviseOn({ status: 'denied', missing }).hint, hint)
  })
}
