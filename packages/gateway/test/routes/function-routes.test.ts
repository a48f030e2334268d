import assert from 'node:assert/strict'
import test, { after, before, describe } from 'node:test'
import { encodeCanonical, toUtf8 } from '@blockless/core'
import { importCar, importFile, importFiles, MemoryBlockStore } from '@blockless/storage'
import { compileWat } from '@blockless/testing'
import { carOf, TestGateway, withRoots } from '../support/test-gateway.ts'

const CAR = 'application/vnd.ipld.car'

describe('function routes', () => {
  let gateway: TestGateway
  before(async () => {
    gateway = await TestGateway.start()
  })
  after(async () => await gateway[Symbol.asyncDispose]())

  test('POST deploys a function; the same again is not new, another one is the next version', async () => {
    const { cid, car } = await gateway.pack({ name: 'versions' })
    const first = await gateway.post('/api/v1/functions', car, CAR)
    assert.equal(first.statusCode, 201)
    const { subnet, createdAtMs, ...rest } = first.json()
    assert.deepEqual(rest, {
      name: 'versions',
      functionCid: cid.toString(),
      version: 1,
      url: 'http://versions.localhost/',
      isNew: true,
      agreement: { kind: 'aggregate', nodes: 4, threshold: 3 },
    })
    assert.equal(subnet.members.length, 4)
    assert.equal((await gateway.get(`/subnets/${subnet.cid}`)).statusCode, 200)
    const again = (await gateway.post('/api/v1/functions', car, `${CAR}; version=1`)).json()
    assert.deepEqual([again.isNew, again.version, again.createdAtMs], [false, 1, createdAtMs])
    const next = await gateway.pack({ name: 'versions', description: 'changed' })
    const second = (await gateway.post('/api/v1/functions', next.car, CAR)).json()
    assert.deepEqual([second.isNew, second.version, second.functionCid], [true, 2, next.cid.toString()])
    assert.notEqual(second.functionCid, cid.toString())
    const listed = (await gateway.get('/api/v1/functions')).json()
    assert.deepEqual(
      listed.functions.map(({ name, version }: { name: string; version: number }) => [name, version]),
      [['versions', 2]],
    )
    assert.equal((await gateway.get('/api/v1/functions/versions')).json().version, 2)
    const old = await gateway.post(`/api/v1/functions/${cid.toString()}/invoke`, {})
    assert.equal(old.statusCode, 200, 'a former version answers by its CID')
  })

  test('DELETE takes a name away, and gives its blocks back', async () => {
    const { cid } = await gateway.deploy({ name: 'gone' })
    assert.ok(gateway.store.pinnedRoots().map(String).includes(cid.toString()))
    const answer = await gateway.app.inject({
      method: 'DELETE',
      url: '/api/v1/functions/gone',
      headers: { host: 'localhost' },
    })
    assert.equal(answer.statusCode, 204)
    assert.equal((await gateway.get('/api/v1/functions/gone')).statusCode, 404)
    assert.equal((await gateway.post('/api/v1/functions/gone/invoke', {})).statusCode, 404)
    assert.ok(!gateway.store.pinnedRoots().map(String).includes(cid.toString()))
    const again = await gateway.app.inject({
      method: 'DELETE',
      url: '/api/v1/functions/gone',
      headers: { host: 'localhost' },
    })
    assert.equal(again.json().error.code, 'ERR_FUNCTION_UNKNOWN')
    await gateway.deploy({ name: 'gone' })
    assert.equal((await gateway.get('/api/v1/functions/gone')).json().version, 2)
  })

  test('functions without a name are kept in bounded number', async () => {
    const cids: string[] = []
    for (let index = 0; index < 70; index++) {
      const { cid, car } = await gateway.pack({ name: 'many', description: String(index) })
      await importCar(gateway.store, [car], { sizeMax: car.length })
      cids.push(cid.toString())
      await gateway.functions.resolve(cid.toString(), AbortSignal.timeout(10_000))
    }
    const pinned = new Set(gateway.store.pinnedRoots().map(String))
    const named = gateway.registry.list().length
    assert.ok(pinned.size <= 64 + named, `${pinned.size} pinned`)
    assert.ok(!pinned.has(cids[0] ?? '') && pinned.has(cids.at(-1) ?? ''))
  })

  test('POST refuses what is no package, and says what is wrong with it', async () => {
    const { cid, car } = await gateway.pack({ name: 'wrong' })
    const other = await gateway.pack({ name: 'wrong', description: 'other' })
    const files = new MemoryBlockStore({ sizeMax: 1_000_000 })
    const file = await importFile(files, toUtf8('just a file'))
    const missingImport = await compileWat(
      '(module (import "wasi_snapshot_preview1" "fd_wriet" (func (param i32))) (memory (export "memory") 1) (func (export "_start")))',
    )
    const noEntry = await compileWat('(module (memory (export "memory") 1) (func (export "main")))')
    const cases = [
      { name: 'garbage', car: Buffer.from('no car at all'), code: /^ERR_CAR_/ },
      { name: 'nothing', car: Buffer.alloc(0), code: /^ERR_CAR_TRUNCATED/ },
      { name: 'cut off', car: car.subarray(0, car.length - 5), code: /^ERR_CAR_TRUNCATED/ },
      { name: 'a changed byte', car: Buffer.from(car.with(car.length - 1, 0)), code: /^ERR_CAR_BLOCK/ },
      {
        name: 'two roots',
        car: withRoots(Buffer.concat([car, other.car.subarray(1 + (other.car[0] ?? 0))]), [cid, other.cid]),
        code: /^ERR_CAR_ROOTS/,
      },
      { name: 'no root', car: withRoots(car, []), code: /^ERR_(CAR|PACKAGE)_ROOTS/ },
      { name: 'a missing block', car: withRoots(car, [other.cid]), code: /^ERR_CAR_INCOMPLETE/ },
      { name: 'a file', car: await carOf(files, file.cid), code: /^ERR_PACKAGE_MANIFEST/ },
      { name: 'no module', car: (await gateway.pack({}, toUtf8('#!/bin/sh'))).car, code: /^ERR_MODULE_INVALID/ },
      {
        name: 'a misspelt import',
        car: (await gateway.pack({}, missingImport)).car,
        code: /^ERR_MODULE_IMPORT/,
        says: /fd_wriet/,
      },
      { name: 'no entry', car: (await gateway.pack({}, noEntry)).car, code: /^ERR_MODULE_ENTRY/, says: /main/ },
    ]
    for (const { name, car: bytes, code, says } of cases) {
      const answer = await gateway.post('/api/v1/functions', bytes, CAR)
      const { error } = answer.json()
      assert.match(error.code, code, `${name}: ${error.message}`)
      assert.equal(answer.statusCode, 400, name)
      if (says !== undefined) assert.match(error.message, says)
    }
    assert.equal(gateway.registry.find('wrong'), undefined)
  })

  test('POST names the field of a manifest that is not known', async () => {
    const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
    const manifest = { version: 1, name: 'x', modules: [{ file: 'x.wasm', name: 'x', type: 'entry' }], Permissions: [] }
    const { cid } = await importFiles(store, [
      { path: 'manifest.json', content: toUtf8(JSON.stringify(manifest)) },
      { path: 'x.wasm', content: toUtf8('x') },
    ])
    const answer = await gateway.post('/api/v1/functions', await carOf(store, cid), CAR)
    assert.equal(answer.statusCode, 400)
    assert.match(answer.json().error.message, /Permissions.*did you mean "permissions"/)
  })

  test('POST refuses another content type, and a body that is too large', async () => {
    const { car } = await gateway.pack()
    for (const type of ['application/json', 'text/plain', 'application/octet-stream']) {
      const answer = await gateway.post('/api/v1/functions', type === 'application/json' ? '{}' : car, type)
      assert.deepEqual([answer.statusCode, answer.json().error.code], [415, 'ERR_CONTENT_TYPE'], type)
    }
    const answer = await gateway.app.inject({
      method: 'POST',
      url: '/api/v1/functions/x/invoke',
      headers: { host: 'localhost', 'content-type': 'application/json', 'content-length': '99999999' },
      payload: '{}',
    })
    assert.deepEqual([answer.statusCode, answer.json().error.code], [413, 'ERR_BODY_TOO_LARGE'])
  })

  test('resolving refuses what nobody has, and what is no function', async () => {
    for (const name of [
      'nobody',
      'bafybeibyxgx5fqpixd6it5bspynzhs7u7khkwbg7t3o5gumxq7w43dwcem',
      'UPPER',
      '%F0%9F%90%88',
    ]) {
      const answer = await gateway.post(`/api/v1/functions/${name}/invoke`, {})
      assert.deepEqual([answer.statusCode, answer.json().error.code], [404, 'ERR_FUNCTION_UNKNOWN'], name)
    }
    const { cid } = await importFile(gateway.store, encodeCanonical('no function'))
    const answer = await gateway.post(`/api/v1/functions/${cid.toString()}/invoke`, {})
    assert.deepEqual([answer.statusCode, answer.json().error.code], [400, 'ERR_PACKAGE_MANIFEST'])
    assert.ok(!gateway.store.pinnedRoots().map(String).includes(cid.toString()), 'it is not kept')
  })

  test('a registry that cannot write tells nothing of its path', async () => {
    gateway.registry.stop()
    const path = '/nowhere/secret/functions.sqlite'
    assert.throws(() => gateway.registry.find('x') ?? gateway.registry.delete('x'), /not started/)
    gateway.registry.start()
    const { error } = (await gateway.get('/api/v1/functions/none')).json()
    assert.doesNotMatch(JSON.stringify(error), new RegExp(path))
  })
})
