import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createGate } from '../../src/policy/create-gate.ts'
import type { Action, Gate } from '../../src/policy/gate.ts'
import { createPolicy, DEFAULT_CAPS, operatorCapsSchema } from '../../src/policy/policy.ts'
import { permissionsOfFlags } from '../../src/policy/run-flags.ts'

/** A gate of a manifest's permissions, with an operator who minds nothing. */
function gateOf(...manifest: string[]): Gate {
  return createGate(createPolicy({ manifest, operator: { allow: ['*'] } }))
}

function fetchOf(url: string): Action {
  return { kind: 'fetch', url: new URL(url), method: 'GET' }
}

function missingOf(gate: Gate, action: Action): string | undefined {
  const verdict = gate.decide(action)
  return verdict.isAllowed ? undefined : verdict.missing
}

suite('a gate decides URLs', () => {
  const rules: readonly { rule: string; allowed: readonly string[]; denied: readonly string[] }[] = [
    {
      rule: 'http://a.com',
      allowed: [
        'http://a.com',
        'HTTP://A.COM:80/x?q#f',
        'http://a.com./',
        'http://user:pw@a.com/',
        'http://a.com\\@evil/',
      ],
      denied: [
        'https://a.com/',
        'http://a.com:8080/',
        'http://a.com.evil/',
        'http://a.com@evil/',
        'http://a.com%2eevil/',
        'http://b.a.com/',
        'http://xa.com/',
        'http://evil/http://a.com/',
        'http://evil/?http://a.com',
      ],
    },
    {
      rule: 'https://a.com/v1',
      allowed: [
        'https://a.com/v1',
        'https://a.com/v1?q',
        'https://a.com/v1/x',
        'https://a.com/%76%31/x',
        'https://a.com/v1/a%2Fb',
      ],
      denied: [
        'https://a.com/',
        'https://a.com/v1x',
        'https://a.com/v1%2Fx/../../v2',
        'https://a.com/v1/../v2',
        'https://a.com/v1/%2e%2e/v2',
        'https://a.com/v1/..%2fv2',
        'https://a.com/v1/%252e%252e/v2',
        'https://a.com/v1/..;/v2',
        'https://a.com/V1/',
      ],
    },
    { rule: 'https://a.com/v1/', allowed: ['https://a.com/v1/', 'https://a.com/v1/x'], denied: ['https://a.com/v1'] },
    {
      rule: 'http://127.0.0.1:8080/',
      allowed: ['http://0x7f.1:8080/', 'http://2130706433:8080/'],
      denied: ['http://127.0.0.1/'],
    },
    { rule: 'http://[::1]/', allowed: ['http://[0:0:0:0:0:0:0:1]/'], denied: ['http://[::2]/', 'http://localhost/'] },
    { rule: 'http://bücher.example/', allowed: ['http://xn--bcher-kva.example/'], denied: ['http://bucher.example/'] },
    {
      rule: 'https://*.example.com/',
      allowed: ['https://a.example.com/', 'https://a.b.example.com/'],
      denied: [
        'https://example.com/',
        'https://aexample.com/',
        'https://a.example.com.evil/',
        'https://a.example.com:444/',
      ],
    },
    {
      rule: 'https://',
      allowed: ['https://any.example/'],
      denied: ['http://any.example/', 'https://any.example:8443/'],
    },
    { rule: 'https://*:*', allowed: ['https://any.example:8443/'], denied: ['http://any.example/'] },
    { rule: 'net:a.com', allowed: ['http://a.com/', 'https://a.com:9/x'], denied: ['http://b.com/'] },
    { rule: 'net:a.com:443', allowed: ['https://a.com/'], denied: ['http://a.com/'] },
    { rule: 'tcp:a.com:80', allowed: [], denied: ['http://a.com/'] },
    { rule: 'https://a.com/', allowed: [], denied: ['file:///etc/passwd', 'ftp://a.com/', 'data:,x'] },
  ]
  for (const { rule, allowed, denied } of rules) {
    test(rule, () => {
      const gate = gateOf(rule)
      for (const url of allowed) assert.equal(missingOf(gate, fetchOf(url)), undefined, url)
      for (const url of denied) assert.notEqual(missingOf(gate, fetchOf(url)), undefined, url)
    })
  }

  test('a rule that denies a path denies every way to write it', () => {
    const operator = { allow: ['*'], deny: ['https://a.com/admin'] }
    const gate = createGate(createPolicy({ manifest: ['https://a.com'], operator }))
    for (const path of ['admin', '%61dmin/x', 'x/..%2fadmin', 'x/..;/admin', '/admin', 'admin;x', '%2561dmin']) {
      assert.equal(
        missingOf(gate, fetchOf(`https://a.com/${path}`)),
        `no "https://a.com/admin" in the operator's "deny"`,
      )
    }
    for (const path of ['administrator', 'x/admin'])
      assert.equal(missingOf(gate, fetchOf(`https://a.com/${path}`)), undefined)
  })
})

suite('a gate decides other actions', () => {
  const s3 = (access: 'read' | 'write', bucket: string): Action => ({
    kind: 's3',
    endpoint: new URL('https://s3.example.com/base/'),
    bucket,
    access,
  })
  const rules: readonly { rule: string; allowed: readonly Action[]; denied: readonly Action[] }[] = [
    {
      rule: 'tcp:db.example.com:5432',
      allowed: [{ kind: 'connect', host: 'DB.example.com.', port: 5432 }],
      denied: [
        { kind: 'connect', host: 'db.example.com', port: 5433 },
        { kind: 'listen', host: 'db.example.com', port: 5432 },
        { kind: 'connect', host: 'db.example.com:5432 ', port: 5432 },
      ],
    },
    {
      rule: 'net:[::1]',
      allowed: [{ kind: 'connect', host: '::1', port: 1 }],
      denied: [{ kind: 'connect', host: '::1%lo', port: 1 }],
    },
    {
      rule: 'listen:*:8080',
      allowed: [{ kind: 'listen', host: '0.0.0.0', port: 8080 }],
      denied: [
        { kind: 'listen', host: '0.0.0.0', port: 80 },
        { kind: 'connect', host: '0.0.0.0', port: 8080 },
      ],
    },
    {
      rule: 'read:/data',
      allowed: [
        { kind: 'read', path: '/data' },
        { kind: 'read', path: '/data//x/./y/' },
      ],
      denied: [
        { kind: 'write', path: '/data' },
        { kind: 'read', path: '/database' },
        { kind: 'read', path: '/data/../etc' },
        { kind: 'read', path: 'data' },
      ],
    },
    {
      rule: 'file:///data',
      allowed: [
        { kind: 'read', path: '/data/x' },
        { kind: 'write', path: '/data/x' },
      ],
      denied: [{ kind: 'read', path: '/' }],
    },
    { rule: 'write:/', allowed: [{ kind: 'write', path: '/x' }], denied: [{ kind: 'read', path: '/x' }] },
    {
      rule: 'ipfs:files/*',
      allowed: [{ kind: 'ipfs', api: 'files/read' }],
      denied: [
        { kind: 'ipfs', api: 'files' },
        { kind: 'ipfs', api: 'filesystem/read' },
      ],
    },
    {
      rule: 'ipfs:*',
      allowed: [{ kind: 'ipfs', api: 'files/read' }],
      denied: [{ kind: 'exec', extension: 'files/read' }],
    },
    {
      rule: 's3:read:https://s3.example.com/base/photos',
      allowed: [s3('read', 'photos')],
      denied: [
        s3('write', 'photos'),
        s3('read', 'photos2'),
        s3('read', '../photos'),
        fetchOf('https://s3.example.com/base/photos'),
      ],
    },
    { rule: 's3:https://s3.example.com', allowed: [s3('read', 'a'), s3('write', 'b')], denied: [] },
    { rule: 's3:write:*', allowed: [s3('write', 'b')], denied: [s3('read', 'b')] },
    { rule: 'net:s3.example.com', allowed: [], denied: [s3('read', 'b')] },
    {
      rule: 'exec:tool',
      allowed: [{ kind: 'exec', extension: 'tool' }],
      denied: [{ kind: 'exec', extension: 'tools' }],
    },
    {
      rule: 'driver:redis',
      allowed: [{ kind: 'driver', url: new URL('redis://host/x') }],
      denied: [{ kind: 'driver', url: new URL('tcp://host:1') }],
    },
    {
      rule: 'model:Llama-3.2-1B-Instruct',
      allowed: [{ kind: 'model', model: 'Llama-3.2-1B-Instruct' }],
      denied: [{ kind: 'model', model: 'llama' }],
    },
  ]
  for (const { rule, allowed, denied } of rules) {
    test(rule, () => {
      const gate = gateOf(rule)
      for (const action of allowed) assert.equal(missingOf(gate, action), undefined, JSON.stringify(action))
      for (const action of denied) assert.notEqual(missingOf(gate, action), undefined, JSON.stringify(action))
    })
  }

  test('a rule that denies a host denies every kind of connection to it', () => {
    const operator = { allow: ['*'], deny: ['net:s3.example.com', 'http://b.example/x'] }
    const gate = createGate(createPolicy({ manifest: ['s3:*', 'driver:*', 'tcp:*', 'http://'], operator }))
    assert.match(missingOf(gate, s3('read', 'a')) ?? '', /net:s3/)
    assert.match(missingOf(gate, { kind: 'driver', url: new URL('redis://S3.example.com') }) ?? '', /net:s3/)
    assert.match(missingOf(gate, { kind: 'connect', host: 's3.example.com', port: 1 }) ?? '', /net:s3/)
    const bucket: Action = { kind: 's3', endpoint: new URL('http://b.example'), bucket: 'x', access: 'read' }
    assert.match(missingOf(gate, bucket) ?? '', /http:\/\/b\.example\/x/)
  })
})

suite('a gate says what is missing', () => {
  const operator = { allow: ['https://a.example/'], deny: ['https://a.example/private'] }
  const gate = createGate(
    createPolicy({
      manifest: ['https://a.example/', 'net:b.example', 'read:/'],
      request: ['https://a.example/'],
      operator,
    }),
  )

  const cases: readonly (readonly [Action, string])[] = [
    [fetchOf('http://a.example:81/x?secret'), `"http://a.example:81/" in the manifest's "permissions"`],
    [{ kind: 'connect', host: 'B.example', port: 5 }, `"tcp:b.example:5" in the request's "permissions"`],
    [fetchOf('https://a.example/private/x'), `no "https://a.example/private" in the operator's "deny"`],
    [{ kind: 'write', path: '/x' }, `"write:/x" in the manifest's "permissions"`],
    [{ kind: 'model', model: 'm'.repeat(9999) }, `"model:${'m'.repeat(250)}" in the manifest's "permissions"`],
  ]
  for (const [action, missing] of cases) {
    test(missing.slice(0, 60), () => assert.equal(missingOf(gate, action), missing))
  }

  test("in the operator's words", () => {
    const capped = createGate(createPolicy({ manifest: ['net:*'], operator: DEFAULT_CAPS }))
    assert.equal(missingOf(capped, { kind: 'connect', host: 'a', port: 1 }), `"tcp:a:1" in the operator's "allow"`)
    assert.equal(missingOf(capped, fetchOf('http://mail.example:25/')), `no "net:*:25" in the operator's "deny"`)
    const address = capped.decideAddress('10.1.2.3', 80)
    assert.deepEqual(address, { isAllowed: false, missing: `"10.1.2.3:80" in the operator's "allowPrivate"` })
  })

  test('without layers nothing is allowed', () => {
    const closed = createGate({ layers: [] })
    assert.equal(closed.decide(fetchOf('https://a.example/')).isAllowed, false)
    assert.equal(closed.decideAddress('8.8.8.8', 80).isAllowed, false)
  })
})

suite('policy texts', () => {
  test("an operator's bad entry is named", () => {
    const read = (caps: unknown): unknown => operatorCapsSchema.fromJson(caps, 'caps')
    assert.throws(() => read({ allow: ['*'], deny: ['x'] }), /caps\.deny\[0\]/)
    assert.throws(() => read({ allow: [], allowPrivate: ['10.0.0.0/33'] }), /caps\.allowPrivate\[0\].*10\.0\.0\.0\/8/)
    assert.deepEqual(read({ ...DEFAULT_CAPS }), DEFAULT_CAPS)
  })

  test('permissionsOfFlags() puts the flags of the existing runtime into words', () => {
    const flags = permissionsOfFlags({
      allowRead: true,
      allowWrite: ['/tmp', 'out'],
      allowNet: ['example.com', '[::1]:80'],
      denyNet: true,
      denyRead: ['/etc'],
      permissions: ['https://a.example/'],
    })
    assert.deepEqual(flags.allow, [
      'read:/',
      'write:/tmp',
      'write:/out',
      'net:example.com',
      'net:[::1]:80',
      'https://a.example/',
    ])
    assert.deepEqual(flags.deny, ['read:/etc', 'net:*'])
    assert.deepEqual(permissionsOfFlags({ allowAll: true }), { allow: ['*'], deny: [] })
    const gate = createGate(createPolicy({ manifest: ['read:/', 'net:*'], operator: flags }))
    assert.equal(gate.decide({ kind: 'read', path: '/x' }).isAllowed, true)
    assert.equal(gate.decide({ kind: 'read', path: '/etc/passwd' }).isAllowed, false)
    assert.equal(gate.decide(fetchOf('http://example.com/')).isAllowed, false)
  })
})
