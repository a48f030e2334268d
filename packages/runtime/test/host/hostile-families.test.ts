import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLogger, systemClock } from '@blockless/core'
import fc from 'fast-check'
import { HostFolderFamily } from '../../src/fs/host/owner/host-folder-family.ts'
import { clockFamily } from '../../src/host/clock/clock-family.ts'
import { ExtensionStore } from '../../src/host/extension/extension-store.ts'
import { createExtensionFamilies } from '../../src/host/extension-families.ts'
import { createHttpFamily } from '../../src/host/http/http-family.ts'
import { IpfsFamily } from '../../src/host/ipfs/ipfs-family.ts'
import { LlmFamily } from '../../src/host/llm/llm-family.ts'
import { S3Family } from '../../src/host/s3/s3-family.ts'
import { Places } from '../../src/host/shared/places.ts'
import { decodeAnswer, encodeCall, type Fields, type FieldValue } from '../../src/host-call/host-call.ts'
import type { HostFamily } from '../../src/host-call/host-family.ts'
import { RunHost } from '../../src/host-call/run-host.ts'
import { createGate } from '../../src/policy/create-gate.ts'
import type { Gate } from '../../src/policy/gate.ts'
import { createPolicy } from '../../src/policy/policy.ts'
import { RuntimeError } from '../../src/runtime-error.ts'
import { eventually, testFolder } from './host-helpers.ts'
import { startHttpServer } from './http/test-server.ts'

// An executor that was taken over says whatever it likes to all families. HOSTILE_RUNS asks for more runs than `npm test`
// makes, SEED for those of a failure.

const RUNS = Number(process.env['HOSTILE_RUNS'] ?? 150)
const SEED = Number(process.env['SEED'] ?? 1)
/** Places of all runs; each must be free again in the end. */
const CONNECTIONS_MAX = 64
const PROGRAM =
  '#!/bin/sh\n[ "$1" = --ext_verify ] && echo \'{"alias": "tool", "description": "", "is_cgi": true}\' || cat\n'

const VERBS: Readonly<Record<string, readonly string[]>> = {
  http: ['open', 'fetch', 'read', 'close'],
  ipfs: ['command', 'read', 'write', 'close'],
  s3: ['command', 'put', 'read', 'close'],
  llm: ['open', 'model', 'configure', 'options', 'prompt', 'answer', 'close'],
  stream: ['connect', 'listen', 'open', 'accept', 'read', 'write', 'shutdown', 'poll', 'close'],
  cgi: ['open', 'list', 'read', 'write', 'close'],
  clock: ['now', 'sleep'],
  fs: [
    ...[
      'open',
      'close',
      'stat',
      'set_times',
      'sync',
      'list',
      'read',
      'write',
      'resize',
      'stat_at',
      'set_times_at',
      'link',
    ],
    ...['create_directory', 'remove_directory', 'unlink', 'rename', 'symlink', 'read_link'],
  ],
  '': ['', 'x'],
}
const FLAGS = ['read', 'write', 'create', 'exclusive', 'truncate', 'directory', 'followSymlink', 'isMonotonic']

/** What a guest's side would send, from which little is changed, so that calls get past the first check. */
function honestFields(origin: string): Fields {
  return {
    ...Object.fromEntries(FLAGS.map((flag) => [flag, true])),
    ...{ url: `${origin}/`, method: 'GET', headers: ['a', 'b'], connectTimeoutMs: 0, timeoutMs: 20, sizeMax: 100 },
    ...{ handle: 1, size: 10, from: 'stdout', address: origin.slice('http://'.length), reads: [1], writes: [1], ms: 1 },
    ...{ command: 2, model: 'm', text: 'hi', path: 'a', toHandle: 'f', toPath: 'b', target: 'c', offset: '0' },
  }
}

const strange: fc.Arbitrary<FieldValue> = fc.oneof(
  fc.constantFrom<FieldValue>(-1, 0, 2, 3, 0.5, 1e300, 0x7fff_ffff, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53),
  fc.constantFrom<FieldValue>('', '\0', '\ud800', 'f', '../..', '/', '__proto__', 'constructor', 'x'.repeat(70_000)),
  fc.constantFrom<FieldValue>('18446744073709551615', 'POST', 'CONNECT', 'list', 'stderr', '127.0.0.1:0', '[::1]:1'),
  fc.constantFrom<FieldValue>(true, false, null, [], {}, ['a\r\nb', 'c'], [[[]]], [1, 2 ** 32]),
  fc.integer(),
)
const bytes = fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constant(Buffer.from('{"command":"tool","args":["a"]}')))

/** The JSON in `options`, with one member changed. */
function optionsText(origin: string): fc.Arbitrary<string> {
  const bucket = { access_key: 'a', secret_key: 's', endpoint: origin, bucket_name: 'b', path: 'k', prefix: 'p' }
  const command = { api: 'files/read', args: [{ name: 'arg', value: '/a' }] }
  const chat = { system_message: 's', tools_sse_urls: [origin], temperature: 1, top_p: 1 }
  const base = fc.constantFrom<Readonly<Record<string, unknown>>>(bucket, command, chat)
  return fc
    .tuple(base, fc.constantFrom('path', 'prefix', 'region', 'endpoint', 'args', 'api', 'top_p', '__proto__'), strange)
    .map(([honest, name, value]) => JSON.stringify({ ...honest, [name]: value }))
}

/** Bytes of calls: well formed with strange fields, and now and then no call at all. */
function callBytes(origin: string): fc.Arbitrary<Uint8Array> {
  const honest = honestFields(origin)
  const name = fc.constantFrom(
    ...Object.entries(VERBS).flatMap(([family, all]) => all.map((verb) => `${family}.${verb}`)),
  )
  const changes = fc.dictionary(fc.constantFrom(...Object.keys(honest)), strange, { maxKeys: 2, noNullPrototype: true })
  // folders are named by text, other handles by number
  const handle = fc.constantFrom<Fields>({}, {}, { handle: 'f' })
  const call = fc.record({ name, options: optionsText(origin), changes, handle, bytes }).map((each) =>
    encodeCall({
      name: each.name,
      fields: {
        ...honest,
        options: each.options,
        ...(each.name.startsWith('fs.') ? each.handle : {}),
        ...each.changes,
      },
      bytes: each.bytes,
    }),
  )
  return fc.oneof({ weight: 20, arbitrary: call }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) })
}

/** Says a bit of everything: replies, pages, events, redirects, and nothing for a while. */
function babble(request: IncomingMessage, response: ServerResponse): void {
  const size = Number(request.headers['content-length'] ?? 0) + (request.url ?? '').length
  const kind = size % 5
  if (kind === 0) response.writeHead(302, { location: '/next' }).end()
  else if (kind === 1)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: endpoint\ndata: /\n\n')
  else if (kind === 2) response.end('<ListBucketResult><Contents></Contents></ListBucketResult>')
  else if (kind === 3) response.write('begun')
  else response.end('{"choices":[{"message":{"content":"hello"}}]}')
}

async function familiesOf(origin: string, folder: string, connections: Places): Promise<readonly HostFamily[]> {
  const extensions = join(folder, 'extensions')
  await writeFile(join(folder, 'tool'), PROGRAM, { mode: 0o755 })
  await new ExtensionStore(extensions, { clock: systemClock }).add(join(folder, 'tool'))
  const endpoint = new URL(origin)
  const families: HostFamily[] = [
    createHttpFamily({ connections }, { responsesMax: 64 }),
    new S3Family({ connections }),
    new IpfsFamily({ endpoint }, { connections }),
    new LlmFamily({ endpoint, models: { '*': 'any' } }, { connections }),
    ...createExtensionFamilies({ folder: extensions }, { clock: systemClock, connections }),
    clockFamily,
  ]
  return families
}

/** What a run may do here reaches no further than the test's own server: other hosts are refused before they are looked up. */
function gateAt(origin: string, isOpen: boolean): Gate {
  const place = origin.slice('http://'.length)
  const local = [`net:${place}`, 'listen:127.0.0.1', `s3:${origin}`, 'ipfs:*', 'exec:*', 'model:*', 'driver:*']
  const manifest = isOpen ? [...local, 'read:/', 'write:/'] : []
  return createGate(createPolicy({ manifest, operator: { allow: ['*'], allowPrivate: ['127.0.0.0/8'] } }))
}

function isExpected(error: unknown): boolean {
  if (error instanceof RuntimeError) return error.code === 'ERR_HOST_CALL' && error.cause instanceof TypeError
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError
}

test('whatever an executor calls is answered or refused, in time, and nothing of it stays', async (context) => {
  await using server = await startHttpServer(babble)
  await using folder = await testFolder()
  const connections = new Places(CONNECTIONS_MAX)
  const families = [...(await familiesOf(server.origin, folder.path, connections))]
  await mkdir(join(folder.path, 'shared'))
  const shared = { id: 'f', path: join(folder.path, 'shared'), guestPath: '/shared', readOnly: false }
  const folders = new HostFolderFamily({ folders: [shared], descriptorsMax: 16 })
  if (process.platform === 'linux') {
    await folders.start()
    families.push(folders)
  }
  const statuses = new Map<string, number>()
  const calls = fc.array(callBytes(server.origin), { minLength: 1, maxLength: 12 })
  const property = fc.asyncProperty(calls, fc.boolean(), async (made, isOpen) => {
    const gate = gateAt(server.origin, isOpen)
    const limits = { deadlineMs: 40, handlesMax: 4 }
    const host = new RunHost({ families, clock: systemClock, log: silentLogger }, { functionCid: 'bafy', gate, limits })
    for (const each of made) {
      const outcome = await host.answer(host.transcript.length, each).catch((error: unknown) => error)
      if (outcome instanceof Uint8Array) {
        const { status } = decodeAnswer(outcome)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        continue
      }
      assert.ok(
        isExpected(outcome),
        outcome instanceof Error ? `${outcome.stack} ${String(outcome.cause)}` : 'no answer',
      )
      // an owner ends a run that calls what no guest does
      break
    }
    await host.close()
  })
  await fc.assert(property, { numRuns: RUNS, seed: SEED })
  await eventually(() => {
    let count = 0
    while (connections.take()) count++
    for (let index = 0; index < count; index++) connections.give()
    return count === CONNECTIONS_MAX
  }, 'the end of all connections')
  await folders.stop()
  context.diagnostic(JSON.stringify(Object.fromEntries(statuses)))
  assert.ok((statuses.get('ok') ?? 0) > RUNS / 10, 'calls get past the first check')
})
