import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { S3Family } from '../../../src/host/s3/s3-family.ts'
import { startHttpServer } from '../http/test-server.ts'
import { openSession, RecordingGate, type SessionBench } from '../session-bench.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

const CREATE = 1
const LIST = 2
const GET = 3
const DELETE = 4

/** Runs a command and reads the JSON behind its handle. */
async function commandJson(session: SessionBench, command: number, options: string): Promise<unknown> {
  const { status, fields } = await session.call('s3.command', { command, options })
  assert.equal(status, 'ok', JSON.stringify(fields))
  const bytes = await session.readAll('s3.read', fields.handle)
  assert.equal((await session.call('s3.close', { handle: Number(fields.handle) })).status, 'ok')
  return JSON.parse(Buffer.from(bytes).toString())
}

interface Page {
  readonly name: string
  readonly is_truncated: boolean
  readonly prefix?: string
  readonly contents: readonly { readonly key: string; readonly size: number; readonly e_tag: string }[]
}

async function list(session: SessionBench, options: string): Promise<readonly Page[]> {
  return (await commandJson(session, LIST, options)) as readonly Page[]
}

suite('S3Session', () => {
  let server: S3Server
  const family = new S3Family()
  before(async () => {
    server = await startS3Server()
    await using session = openSession(family)
    await commandJson(session, CREATE, server.options())
  })
  after(async () => await server[Symbol.asyncDispose]())

  test('creates a bucket and tells what the server said', async () => {
    await using session = openSession(family)
    const made = await commandJson(session, CREATE, server.options({ bucket_name: 'made' }))
    assert.deepEqual(made, { code: 200, response_text: '' })
    const again = (await commandJson(session, CREATE, server.options({ bucket_name: 'made' }))) as { code: number }
    assert.ok(again.code === 200 || again.code === 409)
    const invalid = (await commandJson(session, CREATE, server.options({ bucket_name: 'Not-Valid' }))) as {
      code: number
    }
    assert.equal(invalid.code, 400)
  })

  test('puts, gets, lists and deletes an object, whatever its key', async () => {
    await using session = openSession(family)
    for (const key of ['plain.txt', 'folder/über den Wolken+(1)*.txt', "it's 100%&more=?#.txt", '12345', '...']) {
      const options = server.options({ path: key })
      assert.equal((await session.call('s3.put', { options }, Buffer.from(key))).status, 'ok', key)
      const got = await session.call('s3.command', { command: GET, options })
      assert.equal(Buffer.from(await session.readAll('s3.read', got.fields.handle, 3)).toString(), key)
      const [page] = await list(session, server.options({ prefix: key }))
      assert.deepEqual(
        page?.contents.map((object) => object.key),
        [key],
      )
      assert.deepEqual([page?.name, page?.is_truncated, page?.prefix], ['photos', false, key])
      assert.equal(page?.contents[0]?.size, Buffer.byteLength(key))
      const deleted = await session.call('s3.command', { command: DELETE, options })
      assert.equal(deleted.status, 'ok')
      const nothing = await session.call('s3.read', { handle: Number(deleted.fields.handle), size: 1 })
      assert.equal(nothing.status, 'bad-handle')
      assert.deepEqual((await session.call('s3.command', { command: GET, options })).fields, { why: 'NoSuchKey' })
    }
  })

  test('takes a key with a leading slash and an empty object', async () => {
    await using session = openSession(family)
    assert.equal((await session.call('s3.put', { options: server.options({ path: '/empty' }) })).status, 'ok')
    const got = await session.call('s3.command', { command: GET, options: server.options({ path: 'empty' }) })
    assert.equal((await session.readAll('s3.read', got.fields.handle)).length, 0)
  })

  test('lists an empty bucket, and more keys than a page has', async () => {
    await using session = openSession(family, { limits: { handlesMax: 4 } })
    await commandJson(session, CREATE, server.options({ bucket_name: 'many' }))
    assert.deepEqual(await list(session, server.options({ bucket_name: 'many' })), [
      { name: 'many', is_truncated: false, contents: [] },
    ])
    const names = Array.from({ length: 1005 }, (_, index) => `key-${String(index).padStart(4, '0')}`)
    for (let start = 0; start < names.length; start += 50) {
      const some = names.slice(start, start + 50)
      const puts = some.map((path) =>
        session.call('s3.put', { options: server.options({ bucket_name: 'many', path }) }),
      )
      for (const { status } of await Promise.all(puts)) assert.equal(status, 'ok')
    }
    const pages = await list(session, server.options({ bucket_name: 'many', prefix: null }))
    assert.deepEqual(
      pages.map((page) => [page.is_truncated, page.contents.length]),
      [
        [true, 1000],
        [false, 5],
      ],
    )
    assert.deepEqual(
      pages.flatMap((page) => page.contents.map((object) => object.key)),
      names,
    )
    const some = await list(session, server.options({ bucket_name: 'many', prefix: 'key-000' }))
    assert.equal(some[0]?.contents.length, 10)
  })

  test('streams a large object, filling each buffer', async () => {
    await using session = openSession(family)
    const bytes = randomBytes(12 * 1024 * 1024)
    const options = server.options({ path: 'large' })
    assert.equal((await session.call('s3.put', { options }, bytes)).status, 'ok')
    const { fields } = await session.call('s3.command', { command: GET, options })
    const handle = Number(fields.handle)
    const first = await session.call('s3.read', { handle, size: 1_000_000 })
    assert.equal(first.bytes.length, 1_000_000)
    const rest = await session.readAll('s3.read', handle, 3_000_000)
    assert.ok(Buffer.concat([first.bytes, rest]).equals(bytes))
  })

  test('tells missing buckets, wrong credentials and servers that are not there apart', async () => {
    await using session = openSession(family)
    const wordOf = async (command: number, more: Readonly<Record<string, unknown>>): Promise<unknown> => {
      const { status, fields } = await session.call('s3.command', { command, options: server.options(more) })
      return [status, fields.why]
    }
    assert.deepEqual(await wordOf(LIST, { bucket_name: 'missing' }), ['failed', 'NoSuchBucket'])
    assert.deepEqual(await wordOf(GET, { bucket_name: 'missing', path: 'a' }), ['failed', 'NoSuchBucket'])
    assert.deepEqual(await wordOf(LIST, { secret_key: 'wrong' }), ['credentials', 'SignatureDoesNotMatch'])
    assert.deepEqual(await wordOf(LIST, { access_key: 'nobody' }), ['credentials', 'InvalidAccessKeyId'])
    assert.deepEqual(await wordOf(LIST, { endpoint: 'http://127.0.0.1:1' }), ['failed', 'ECONNREFUSED'])
    const put = await session.call('s3.put', { options: server.options({ bucket_name: 'missing', path: 'a' }) })
    assert.deepEqual([put.status, put.fields.why], ['failed', 'NoSuchBucket'])
  })

  test('refuses options that are none', async () => {
    await using session = openSession(family)
    const cases: readonly (readonly [options: string, status: string])[] = [
      ['', 'encoding'],
      ['null', 'encoding'],
      [server.options({ bucket_name: undefined }), 'parameter'],
      [server.options({ bucket_name: '../photos' }), 'parameter'],
      [server.options({ bucket_name: 'a/b' }), 'parameter'],
      [server.options({ endpoint: undefined }), 'parameter'],
      [server.options({ endpoint: 'ftp://127.0.0.1' }), 'parameter'],
      [server.options({ endpoint: 'http://user@127.0.0.1' }), 'parameter'],
      [server.options({ path: undefined }), 'parameter'],
      [server.options({ path: '/' }), 'parameter'],
      [server.options({ path: 7 }), 'parameter'],
      [server.options({ path: '../other/object' }), 'parameter'],
      [server.options({ path: 'a/./b' }), 'parameter'],
      [server.options({ path: 'k'.repeat(2000) }), 'parameter'],
      [server.options({ path: 'a', access_key: '' }), 'credentials'],
      [server.options({ path: 'a', access_key: 'line\nbreak' }), 'credentials'],
      [server.options({ path: 'a', secret_key: null }), 'credentials'],
      [server.options({ path: 'a', region: 'eu west' }), 'region'],
      [server.options({ path: 'a', region: 1 }), 'region'],
    ]
    for (const [options, status] of cases) {
      assert.equal((await session.call('s3.command', { command: GET, options })).status, status, options)
    }
  })

  test('asks the gate for bucket and access, and for the address', async () => {
    const gate = new RecordingGate((action) => action.kind === 's3' && action.access === 'read')
    await using session = openSession(family, { gate })
    const options = server.options({ path: 'a' })
    assert.equal((await session.call('s3.command', { command: DELETE, options })).status, 'denied')
    assert.equal((await session.call('s3.put', { options })).status, 'denied')
    assert.equal((await session.call('s3.command', { command: LIST, options })).status, 'ok')
    assert.deepEqual(
      gate.actions.map((action) =>
        action.kind === 's3' ? [action.endpoint.origin, action.bucket, action.access] : [],
      ),
      [
        [server.endpoint, 'photos', 'write'],
        [server.endpoint, 'photos', 'write'],
        [server.endpoint, 'photos', 'read'],
      ],
    )
    await using guarded = openSession(family, { gate: new RecordingGate(() => true, false) })
    const inside = await guarded.call('s3.command', { command: LIST, options })
    assert.deepEqual([inside.status, inside.fields], ['denied', { missing: 'the address' }])
  })

  test('has limits of handles and of bytes', async () => {
    await using session = openSession(family, { limits: { handlesMax: 1 } })
    assert.equal((await session.call('s3.command', { command: LIST, options: server.options() })).status, 'ok')
    assert.equal((await session.call('s3.command', { command: LIST, options: server.options() })).status, 'limit')
    await using small = openSession(family, { limits: { totalBytesMax: 10 } })
    assert.equal((await small.call('s3.command', { command: LIST, options: server.options() })).status, 'limit')
    await assert.rejects(small.call('s3.command', { command: 5, options: '' }), TypeError)
    await assert.rejects(small.call('s3.read', { handle: 1 }), TypeError)
    await assert.rejects(small.call('s3.sell'), TypeError)
  })
})

const replies: readonly (readonly [name: string, reply: string, expected: readonly unknown[]])[] = [
  ['no XML', 'hello', ['failed', 'the listing is not one of S3']],
  ['another document', '<Error><Code>x</Code></Error>', ['failed', 'the listing is not one of S3']],
  ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult/>', ['failed', 'the listing is not one of S3']],
  [
    'an object without a key',
    '<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>',
    ['failed', 'the listing is not one of S3'],
  ],
]
for (const [name, reply, expected] of replies) {
  test(`S3Session refuses a listing that is ${name}`, async () => {
    await using server = await startHttpServer((_request, response) => void response.end(reply))
    await using session = openSession(new S3Family())
    const options = JSON.stringify({ access_key: 'a', secret_key: 'b', endpoint: server.origin, bucket_name: 'c' })
    const { status, fields } = await session.call('s3.command', { command: LIST, options })
    assert.deepEqual([status, fields.why], expected)
  })
}

test('S3Session ends a listing that would never end, and says that there is more', async () => {
  const page = (token: string): string =>
    `<ListBucketResult><Name>c</Name><IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>` +
    '<Contents><Key>a&amp;b&#13;</Key><Size>1</Size></Contents></ListBucketResult>'
  let count = 0
  await using server = await startHttpServer((_request, response) => void response.end(page(`t${count++}`)))
  await using session = openSession(new S3Family())
  const options = JSON.stringify({ access_key: 'a', secret_key: 'b', endpoint: server.origin, bucket_name: 'c' })
  const pages = await list(session, options)
  assert.deepEqual([pages.length, pages.at(-1)?.is_truncated], [32, true])
  assert.equal(pages[0]?.contents[0]?.key, 'a&b\r')
})

test('S3Session follows no redirect, and shows its secret key to nobody', async () => {
  const seen: string[] = []
  await using server = await startHttpServer((request, response) => {
    seen.push(`${request.url} ${JSON.stringify(request.headers)}`)
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  await using session = openSession(new S3Family())
  const credentials = { access_key: 'public', secret_key: 'never-shown', endpoint: server.origin, bucket_name: 'c' }
  const options = JSON.stringify({ ...credentials, path: 'a', region: 'eu-west-1' })
  const { status, fields } = await session.call('s3.command', { command: GET, options })
  assert.deepEqual([status, fields.why], ['failed', 'status 307'])
  assert.equal(seen.length, 1)
  assert.match(seen[0] ?? '', /Credential=public\/\d{8}\/eu-west-1\/s3\/aws4_request/)
  assert.doesNotMatch(seen[0] ?? '', /never-shown/)
})
