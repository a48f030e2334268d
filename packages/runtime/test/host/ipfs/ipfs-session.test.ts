import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { IpfsFamily } from '../../../src/host/ipfs/ipfs-family.ts'
import { startHttpServer } from '../http/test-server.ts'
import { openSession, RecordingGate } from '../session-bench.ts'
import { command, optionsOf, runFilesScenario, writeFile } from './files-scenario.ts'
import { type MfsServer, startMfsServer } from './mfs-server.ts'

suite('IpfsSession', () => {
  let server: MfsServer
  let family: IpfsFamily
  before(async () => {
    server = await startMfsServer()
    family = new IpfsFamily({ endpoint: new URL(server.origin) })
  })
  after(async () => await server[Symbol.asyncDispose]())

  test('writes, reads, lists, copies, tells about and removes files', async () => {
    await using session = openSession(family, { functionCid: 'bafyall' })
    await runFilesScenario(session)
  })

  test('shows a function its own folder as the root, whatever its paths try', async () => {
    await using one = openSession(family, { functionCid: 'bafyone' })
    await using other = openSession(family, { functionCid: 'bafyother' })
    await writeFile(one, '/secret', 'mine')
    for (const path of ['/secret', '/../bafyone/secret', '/blockless/bafyone/secret', '/x/../../../bafyone/secret']) {
      assert.equal((await command(other, 'files/read', ['arg', path])).code, 500, path)
    }
    assert.equal((await command(other, 'files/cp', ['arg', '/ipfs/../../bafyone/secret'], ['arg', '/got'])).code, 500)
    assert.equal((await command(other, 'files/ls')).text, '{"Entries":null}')
    assert.equal((await command(other, 'files/ls', ['arg', '/..'])).text, '{"Entries":null}')
    assert.deepEqual(await command(other, 'files/rm', ['arg', '/'], ['recursive', 'true']), {
      status: 'parameter',
      code: undefined,
      text: '',
    })
    for (const request of server.requests.filter((url) => !url.includes('mkdir') && url.includes('bafyother'))) {
      assert.doesNotMatch(request, /bafyother%2F\.\./)
    }
  })

  test('shares the files of the node where the operator says so', async () => {
    await server.files.writeBytes(Buffer.from('for all'), '/shared')
    const shared = new IpfsFamily({ endpoint: new URL(server.origin), root: '/' })
    await using session = openSession(shared)
    assert.equal((await command(session, 'files/read', ['arg', '/shared'])).text, 'for all')
  })

  test('tells what the node says of a command that fails', async () => {
    await using session = openSession(family, { functionCid: 'bafyfails' })
    const { code, text } = await command(session, 'files/read', ['arg', '/missing'])
    assert.equal(code, 500)
    assert.match(text, /"Type":"error"/)
    const options = optionsOf('files/write', ['arg', '/not-made'])
    const { fields } = await session.call('ipfs.command', { options })
    assert.equal(fields.code, 0)
    const handle = Number(fields.handle)
    assert.equal((await session.call('ipfs.write', { handle }, Buffer.from('x'))).status, 'ok')
    assert.equal((await session.call('ipfs.read', { handle, size: 1 })).status, 'failed')
  })

  test('takes exactly one write for a write, and none for anything else', async () => {
    await using session = openSession(family, { functionCid: 'bafyonce' })
    const { fields } = await session.call('ipfs.command', {
      options: optionsOf('files/write', ['arg', '/a'], ['create', true]),
    })
    const handle = Number(fields.handle)
    assert.equal((await session.call('ipfs.read', { handle, size: 1 })).status, 'parameter')
    assert.equal((await session.call('ipfs.write', { handle })).status, 'parameter')
    assert.equal((await session.call('ipfs.write', { handle }, Buffer.from('x'))).status, 'ok')
    assert.equal((await session.call('ipfs.write', { handle }, Buffer.from('x'))).status, 'parameter')
    const listed = await session.call('ipfs.command', { options: optionsOf('files/ls') })
    assert.equal(listed.fields.handle, 2)
    assert.equal((await session.call('ipfs.write', { handle: 2 }, Buffer.from('x'))).status, 'parameter')
    assert.equal((await session.call('ipfs.read', { handle: 3, size: 1 })).status, 'bad-handle')
    assert.equal((await session.call('ipfs.close', { handle: 3 })).status, 'ok')
  })

  test('refuses what is no command', async () => {
    await using session = openSession(family)
    const cases: readonly (readonly [options: string, status: string])[] = [
      ['', 'encoding'],
      ['[]', 'encoding'],
      ['{"api":', 'encoding'],
      [`{"api":"files/ls","args":${'['.repeat(100)}${']'.repeat(100)}}`, 'encoding'],
      ['{}', 'parameter'],
      ['{"api":1}', 'parameter'],
      ['{"api":"files/ls","args":{}}', 'parameter'],
      ['{"api":"files/ls","args":[{"name":"arg"}]}', 'parameter'],
      ['{"api":"files/ls","args":[{"name":"arg","value":"relative"}]}', 'parameter'],
      ['{"api":"files/ls","args":[{"name":"arg","value":"/\\u0000"}]}', 'parameter'],
      ['{"api":"files/read","args":[]}', 'parameter'],
      [optionsOf('files/cp', ['arg', '/a']), 'parameter'],
      [optionsOf('files/read', ['arg', '/a'], ['offset', '1'.repeat(300)]), 'parameter'],
      ['{"api":"files/mv"}', 'method'],
      ['{"api":"pin/ls"}', 'method'],
      ['{"api":"files/../config/show"}', 'method'],
      ['{"api":"constructor"}', 'method'],
    ]
    for (const [options, status] of cases) {
      assert.equal((await session.call('ipfs.command', { options })).status, status, options)
    }
  })

  test('asks the gate for each command, before the node hears of it', async () => {
    const gate = new RecordingGate((action) => action.kind === 'ipfs' && action.api !== 'files/rm')
    await using session = openSession(family, { gate, functionCid: 'bafygate' })
    const options = optionsOf('files/rm', ['arg', '/a'])
    const answer = await session.call('ipfs.command', { options })
    assert.deepEqual([answer.status, answer.fields], ['denied', { missing: 'a rule for ipfs' }])
    assert.ok(server.requests.every((url) => !url.includes('bafygate')))
    assert.equal((await command(session, 'files/ls')).code, 200)
    assert.deepEqual(
      gate.actions.map((action) => action.kind === 'ipfs' && action.api),
      ['files/rm', 'files/ls'],
    )
  })

  test('has a limit of open handles', async () => {
    await using session = openSession(family, { limits: { handlesMax: 2 } })
    const statuses: string[] = []
    for (let index = 0; index < 3; index++) {
      statuses.push((await session.call('ipfs.command', { options: optionsOf('files/ls') })).status)
    }
    assert.deepEqual(statuses, ['ok', 'ok', 'limit'])
  })

  test('is ended by a call that no guest makes', async () => {
    await using session = openSession(family)
    await assert.rejects(session.call('ipfs.command', {}), TypeError)
    await assert.rejects(session.call('ipfs.read', { handle: -1, size: 1 }), TypeError)
    await assert.rejects(session.call('ipfs.read', { handle: 1, size: '1' }), TypeError)
    await assert.rejects(session.call('ipfs.sell', { handle: 1 }), TypeError)
  })
})

test('IpfsSession tells that the node is not there', async () => {
  await using session = openSession(new IpfsFamily({ endpoint: new URL('http://127.0.0.1:1') }))
  const { status, fields } = await session.call('ipfs.command', { options: optionsOf('files/ls') })
  assert.deepEqual([status, fields], ['failed', { why: 'ECONNREFUSED' }])
})

test('IpfsSession ends a read that nobody answers when its call is over', async () => {
  await using server = await startHttpServer((_request, response) => void response.write('first'))
  await using session = openSession(new IpfsFamily({ endpoint: new URL(server.origin), root: '/' }))
  const { fields } = await session.call('ipfs.command', { options: optionsOf('files/read', ['arg', '/slow']) })
  const deadline = new AbortController()
  const read = session.call('ipfs.read', { handle: Number(fields.handle), size: 100 }, undefined, deadline.signal)
  deadline.abort(new Error('late'))
  await assert.rejects(read, { message: 'late' })
})

test('IpfsSession shows the operator’s key to the node and follows no redirect', async () => {
  const seen: unknown[] = []
  await using server = await startHttpServer((request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(307, { location: '/elsewhere' }).end()
  })
  const init = { endpoint: new URL(`${server.origin}/node/`), root: '/', authorization: 'Bearer key' }
  await using session = openSession(new IpfsFamily(init))
  assert.equal((await command(session, 'files/ls')).code, 307)
  assert.deepEqual(seen, ['Bearer key'])
})

test('IpfsFamily refuses roots and endpoints that are none', () => {
  assert.throws(() => new IpfsFamily({ root: 'relative/{function}' }), RangeError)
  assert.throws(() => new IpfsFamily({ endpoint: new URL('file:///api') }), RangeError)
})
