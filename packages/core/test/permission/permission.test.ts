import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  canonicalHost,
  canonicalUrlPath,
  formatPermission,
  isBelowPath,
  lenientUrlPath,
  manifestSchema,
  matchesHost,
  operatorPermissionTextSchema,
  parseHostPattern,
  parsePermission,
  permissionTextSchema,
} from '@blockless/core'
import fc from 'fast-check'
import { permissionArbitrary } from '../support/permissions.ts'

suite('parsePermission()', () => {
  const canonical: readonly (readonly [source: string, text: string])[] = [
    ['*', '*'],
    ['https://api.example.com', 'https://api.example.com/'],
    ['HTTPS://API.Example.com:443/v1', 'https://api.example.com/v1'],
    ['http://a.com:443/', 'http://a.com:443/'],
    ['http://a.com./x', 'http://a.com/x'],
    ['http://bücher.example/', 'http://xn--bcher-kva.example/'],
    ['http://ａ.com/', 'http://a.com/'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://[0:0::1]:8080/a', 'http://[::1]:8080/a'],
    ['http://a.com/%7Euser/%2f%c3', 'http://a.com/~user/%2F%C3'],
    ['http://a.com/a/../b/./c', 'http://a.com/b/c'],
    ['http://a.com/ä', 'http://a.com/%C3%A4'],
    ['https://*.example.com/v1/', 'https://*.example.com/v1/'],
    ['https://', 'https://*/'],
    ['http://*:*', 'http://*:*/'],
    ['net:Example.com', 'net:example.com'],
    ['net:[::1]:80', 'net:[::1]:80'],
    ['net:*:25', 'net:*:25'],
    ['tcp:db.example.com:5432', 'tcp:db.example.com:5432'],
    ['tcp:db.example.com:*', 'tcp:db.example.com'],
    ['listen:0.0.0.0:8080', 'listen:0.0.0.0:8080'],
    ['read:/a//b/./c/', 'read:/a/b/c'],
    ['write:/', 'write:/'],
    ['file:///data/a%20b', 'file:///data/a%20b'],
    ['file:///', 'file:///'],
    ['ipfs:files/read', 'ipfs:files/read'],
    ['ipfs:files/*', 'ipfs:files/*'],
    ['s3:https://s3.example.com/bucket', 's3:https://s3.example.com/bucket'],
    ['s3:read:*', 's3:read:*'],
    ['exec:image-tool', 'exec:image-tool'],
    ['driver:tcp', 'driver:tcp'],
    ['model:Llama-3.2-1B-Instruct', 'model:Llama-3.2-1B-Instruct'],
    ['model:https://huggingface.co/a/b.llamafile', 'model:https://huggingface.co/a/b.llamafile'],
  ]
  for (const [source, text] of canonical) {
    test(`reads "${source}"`, () => assert.equal(formatPermission(parsePermission(source)), text))
  }

  const bad: readonly (readonly [source: string, expected: RegExp])[] = [
    ['', /begins with https/],
    ['example.com', /begins with https/],
    ['ftp://a.com/', /begins with https/],
    ['http://user@a.com/', /without a user/],
    ['http://a.com@evil.example/', /without a user/],
    ['http://a.com/?q=1', /without a query/],
    ['http://a.com/#x', /without a query/],
    ['http://a.com/v1/*', /without "\*" in its path/],
    ['http:///path', /with a host/],
    ['http://a.com:0/', /with a host/],
    ['http://a.com:65536/', /with a host/],
    ['http://a.com:/', /with a host/],
    ['http://*.com/', /with a host/],
    ['http://a.*.com/', /with a host/],
    ['http://*a.com/', /with a host/],
    ['http://*.1.2.3/', /with a host/],
    ['http://a..com/', /with a host/],
    ['http://a.com%2eevil/', /with a host/],
    ['http://a.com\\@evil/', /without backslashes/],
    ['http://[::1/', /with a host/],
    ['http://[fe80::1%25eth0]/', /with a host/],
    ['net:', /after "net:"/],
    ['net:a.com:x', /after "net:"/],
    ['tcp:::1', /after "tcp:"/],
    ['read:a', /absolute path/],
    ['read:/a/../b', /absolute path/],
    ['write:/a\0', /control characters/],
    ['http://a.com/x\n/y', /control characters/],
    // seen as https://evil.example/a.com
    ['https://evil.example/\u202emoc.a', /control characters/],
    ['exec:\u2066loot', /control characters/],
    ['read:/a\u2028write:/b', /control characters/],
    ['file:///%00', /three slashes/],
    ['file://host/a', /three slashes/],
    ['file:///a/%2e%2e/b', /three slashes/],
    ['file:///%', /three slashes/],
    ['ipfs:', /after "ipfs:"/],
    ['ipfs:files/*/x', /after "ipfs:"/],
    ['s3:bucket', /after "s3:"/],
    ['exec:../x', /alias/],
    ['driver:TCP', /scheme/],
    ['model:', /model/],
    [`model:${'x'.repeat(3000)}`, /2048 characters/],
  ]
  for (const [source, message] of bad) {
    test(`refuses ${JSON.stringify(source.slice(0, 30))}`, () => {
      assert.throws(() => parsePermission(source, 'permissions[3]'), { code: 'ERR_SCHEMA', message })
      assert.throws(() => parsePermission(source, 'permissions[3]'), /permissions\[3\]/)
    })
  }

  test('reads what formatPermission() writes', () => {
    fc.assert(
      fc.property(permissionArbitrary, (permission) => {
        assert.deepEqual(parsePermission(formatPermission(permission)), permission)
      }),
    )
  })

  test('never throws anything but a schema error', () => {
    const prefix = fc.constantFrom('', 'http://', 'https://a', 'net:', 'tcp:', 'read:', 'file://', 's3:', 'ipfs:')
    fc.assert(
      fc.property(prefix, fc.string({ unit: 'binary' }), (start, rest) => {
        try {
          const text = formatPermission(parsePermission(start + rest))
          assert.equal(formatPermission(parsePermission(text)), text)
        } catch (error) {
          assert.equal((error as { code?: unknown }).code, 'ERR_SCHEMA', String(error))
        }
      }),
    )
  })
})

suite('schemas of permissions', () => {
  const manifest = { version: 1, name: 'a', modules: [{ file: 'a.wasm', name: 'a', type: 'entry' }] }

  test('a manifest names its bad entry', () => {
    const permissions = ['https://a.example/', 'a.example']
    assert.throws(
      () => manifestSchema.fromJson({ ...manifest, permissions }, 'manifest'),
      /"manifest\.permissions\[1\]"/,
    )
    assert.deepEqual(manifestSchema.fromJson({ ...manifest, permissions: ['net:A'] }, '').permissions, ['net:A'])
  })

  test('only an operator may write "*"', () => {
    assert.throws(() => permissionTextSchema.check('*', 'permissions[0]'), /for operators/)
    assert.equal(operatorPermissionTextSchema.check('*', 'allow[0]'), '*')
    assert.throws(() => operatorPermissionTextSchema.check(7, 'allow[0]'), { code: 'ERR_SCHEMA' })
  })
})

suite('hosts and paths', () => {
  test('canonicalHost() writes each host in one way', () => {
    const hosts: readonly (readonly [string, string | undefined])[] = [
      ['EXAMPLE.com.', 'example.com'],
      ['::1', '[::1]'],
      ['[::FFFF:127.0.0.1]', '127.0.0.1'],
      ['2130706433', '127.0.0.1'],
      ['0177.0.0.1', '127.0.0.1'],
      ['127.1', '127.0.0.1'],
      ['a_b.example', 'a_b.example'],
      ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
      ['a.com:80', undefined],
      ['fe80::1%eth0', undefined],
      ['a b', undefined],
      ['a.com/', undefined],
      ['a.com..', undefined],
      ['.', undefined],
      ['', undefined],
      ['256.256.256.256', undefined],
    ]
    for (const [host, expected] of hosts) assert.equal(canonicalHost(host), expected, host)
  })

  test('matchesHost() takes a wildcard for one label or more', () => {
    const pattern = parseHostPattern('*.Example.com') ?? ''
    assert.equal(pattern, '*.example.com')
    for (const host of ['a.example.com', 'a.b.example.com']) assert.ok(matchesHost(pattern, host), host)
    for (const host of ['example.com', 'aexample.com', '.example.com', 'a.example.com.evil']) {
      assert.ok(!matchesHost(pattern, host), host)
    }
    assert.ok(matchesHost('*', 'a') && matchesHost('a', 'a') && !matchesHost('a', 'b'))
  })

  test('isBelowPath() compares whole segments', () => {
    const below = [
      ['/v1', '/v1'],
      ['/v1', '/v1/'],
      ['/v1', '/v1/x'],
      ['/v1/', '/v1/x'],
      ['/', '/x'],
    ] as const
    for (const [prefix, path] of below) assert.ok(isBelowPath(prefix, path), `${prefix} ${path}`)
    for (const [prefix, path] of [
      ['/v1', '/v1x'],
      ['/v1', '/v'],
      ['/v1/', '/v1'],
    ] as const) {
      assert.ok(!isBelowPath(prefix, path), `${prefix} ${path}`)
    }
  })

  test('canonicalUrlPath() is stable and keeps stray percent signs apart', () => {
    assert.equal(canonicalUrlPath('/%4%31/%41%2f'), '/%2541/A%2F')
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('%', '2', 'f', '4', '1', '5', '/', 'a', '.') }), (path) => {
        const once = canonicalUrlPath(path)
        assert.equal(canonicalUrlPath(once), once)
      }),
    )
  })

  test('lenientUrlPath() reads a path as a careless server might', () => {
    const paths = [
      ['/v1/..%2f..%2fadmin', '/admin'],
      ['/v1/%252e%252e/admin', '/admin'],
      ['/v1\\..\\admin', '/admin'],
      ['/v1/..;x=y/admin;z', '/admin'],
      ['//admin//', '/admin'],
      ['/%61dmin', '/admin'],
      ['/', '/'],
    ] as const
    for (const [path, expected] of paths) assert.equal(lenientUrlPath(path), expected, path)
  })
})
