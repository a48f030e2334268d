import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bls, type CommandResult, tempFolder } from './support/bls.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BLS = join(ROOT, 'packages/cli/bin/bls.js')

/** A program of the existing SDK, as people write them: stdin, arguments, HTTP and output. */
const SOURCE = `import { CommandLine, Console } from 'as-wasi/assembly'
import { http, memory } from '@blockless/sdk/assembly'

const stdin = new memory.Stdin().read().toJSON()
const name = stdin == null ? '' : stdin.get('name')!.toString()
const handle = http.HttpOpen(CommandLine.all[1], new http.HttpOptions('GET'))
if (handle == null) Console.log('refused')
else {
  Console.log(name + ': ' + handle!.getAllBody()!)
  handle!.close()
}
`

describe('bls run, as a user types it', () => {
  const owned = new AsyncDisposableStack()
  let folder: string
  let project: string
  let server: Server
  let origin: string
  let asked = 0

  before(async () => {
    server = createServer((_, response) => {
      asked++
      response.end(`answer ${asked}`)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    owned.defer(async () => await close())
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    folder = owned.use(await tempFolder()).path
    project = join(folder, 'caller')
    const { code, stderr } = await bls(['init', project])
    assert.equal(code, 0, stderr)
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules')) // as `npm install` would leave it
    await writeFile(join(project, 'assembly/index.ts'), SOURCE)
  })
  after(async () => await owned.disposeAsync())

  async function close(): Promise<void> {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }

  async function run(...args: readonly string[]): Promise<CommandResult> {
    return await bls(['run', ...args], { cwd: folder, stdin: '{"name":"Ada"}' })
  }

  test('a program of the existing SDK says what it misses, and does it when it may', async () => {
    const denied = await run('caller', origin)
    assert.equal(denied.stdout, 'refused\n')
    assert.match(denied.stderr, /^denied: (\S+)\nhint: allow it with --permission \1\n$/m)
    const allowed = await run('caller', origin, '--permission', `${origin}/`)
    assert.equal(allowed.stdout, 'Ada: answer 1\n')
    assert.equal(allowed.code, 0)
  })

  test('a recorded run is replayed when the server is gone', async () => {
    const recorded = await run('caller', origin, '--allow-net', '--record', 'run.blsrec', '--json')
    await close()
    const before = JSON.parse(recorded.stdout)
    assert.match(before.stdout, /^Ada: answer \d+\n$/)
    const replayed = await run('caller', '--replay', 'run.blsrec', '--json')
    const again = JSON.parse(replayed.stdout)
    for (const part of ['exit', 'stdout', 'stderr', 'fuelUsed', 'memoryPeakBytes', 'seed', 'timestampMs']) {
      assert.deepEqual(again[part], before[part], part)
    }
    assert.equal((await run('caller', origin, '--allow-net')).stdout, 'refused\n')
    const bytes = await readFile(join(folder, 'run.blsrec'))
    assert.ok(bytes.length < 10_000)
  })

  test('Ctrl-C ends a run with 12, also one that waits for an answer', async () => {
    const silent = createServer(() => child.kill('SIGINT'))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`
    const args = [BLS, 'run', 'caller/build/debug.wasm', url, '--allow-net', '--stdin', '{"name":"Ada"}']
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
    const chunks: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    const [code] = (await once(child, 'close')) as [number | null]
    silent.close()
    assert.equal(code, 12, Buffer.concat(chunks).toString())
    assert.match(Buffer.concat(chunks).toString(), /code: ERR_CANCELLED/)
  })

  test('an example of the existing SDK runs unchanged', async () => {
    const toml = await readFile(join(project, 'bls.toml'), 'utf8')
    const compiles = 'command = "npx asc node_modules/@blockless/sdk/examples/memory.ts --target debug"'
    await writeFile(join(project, 'bls.toml'), toml.replace('command = "npm run build:debug"', compiles))
    const env = ['--env', 'BLS_LIST_VARS=ENV_VAR_NAME', '--env', 'ENV_VAR_NAME=Ada']
    const { stdout, stderr } = await run('caller', '--stdin', '{"results":"42"}', ...env)
    assert.equal(stdout, 'Hello 1042.0\nHello Ada\n', stderr)
    await writeFile(join(project, 'bls.toml'), toml)
  })

  test('Ctrl-C ends a run that waits for the end of its stdin', async () => {
    const args = [BLS, 'run', 'caller/build/debug.wasm', '--debug']
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin.on('error', () => {}) // it is closed in the middle of what is written
    // more than a pipe holds, so that it is taken only once it is read, when Ctrl-C is already listened for
    await new Promise<void>((resolve) => child.stdin.write(Buffer.alloc(1_000_000), () => resolve()))
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number | null]
    assert.equal(code, 12)
  })
})
