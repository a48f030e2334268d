import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePermission } from '@blockless/core'
import fc from 'fast-check'
import { parseAddressRange } from '../../src/policy/address-range.ts'
import { createGate } from '../../src/policy/create-gate.ts'
import type { Action } from '../../src/policy/gate.ts'
import { intersectPolicies, type Policy, type PolicyLayer } from '../../src/policy/policy.ts'

// Few hosts, ports and paths, so that rules and actions meet often.
const host = fc.constantFrom('a.example', 'b.a.example', '127.0.0.1', '[::1]')
const port = fc.constantFrom(80, 443, 8080)
const path = fc.constantFrom('/', '/a', '/a/b', '/ab', '/a/..%2fb', '/%61', '/b')
const scheme = fc.constantFrom('http', 'https')
const urlText = fc.tuple(scheme, host, port, path).map(([s, h, p, rest]) => `${s}://${h}:${p}${rest}`)
const ruleText = fc.oneof(
  fc.constantFrom(
    '*',
    'https://',
    'http://*:*',
    'http://*.a.example/',
    'net:*',
    'ipfs:*',
    's3:*',
    'driver:*',
    'exec:*',
  ),
  urlText,
  fc.tuple(fc.constantFrom('net', 'tcp', 'listen'), host, port).map(([kind, h, p]) => `${kind}:${h}:${p}`),
  fc.tuple(fc.constantFrom('read', 'write'), fc.constantFrom('/', '/a', '/a/b')).map(([kind, p]) => `${kind}:${p}`),
  fc.tuple(fc.constantFrom('s3:', 's3:read:', 's3:write:'), urlText).map(([kind, url]) => `${kind}${url}`),
  fc.constantFrom('ipfs:files/*', 'ipfs:files/read', 'driver:tcp', 'model:m', 'exec:tool', 'file:///a'),
)
const action: fc.Arbitrary<Action> = fc.oneof(
  urlText.map((url): Action => ({ kind: 'fetch', url: new URL(url), method: 'GET' })),
  fc
    .tuple(fc.constantFrom('connect' as const, 'listen' as const), host, port)
    .map(([kind, h, p]): Action => ({ kind, host: h, port: p })),
  fc.tuple(fc.constantFrom('read' as const, 'write' as const), path).map(([kind, p]): Action => ({ kind, path: p })),
  fc
    .tuple(urlText, fc.constantFrom('a', 'b'), fc.constantFrom('read' as const, 'write' as const))
    .map(([url, bucket, access]): Action => ({ kind: 's3', endpoint: new URL(url), bucket, access })),
  fc.constantFrom<Action>(
    { kind: 'ipfs', api: 'files/read' },
    { kind: 'exec', extension: 'tool' },
    { kind: 'driver', url: new URL('tcp://a.example:80') },
    { kind: 'model', model: 'm' },
  ),
)
const address = fc.oneof(
  fc.constantFrom('127.0.0.1', '10.0.0.1', '8.8.8.8', '::1', '::ffff:10.0.0.1', '2606:4700::1'),
  fc.ipV4(),
  fc.ipV6(),
)
const rules = fc.array(ruleText, { maxLength: 4 }).map((texts) => texts.map((text) => parsePermission(text)))
const ranges = fc
  .array(fc.constantFrom('127.0.0.1', '10.0.0.0/8', '8.8.8.8:80', '::1', '0.0.0.0/0'), { maxLength: 3 })
  .map((texts) => texts.map((text) => parseAddressRange(text)))
const layer: fc.Arbitrary<PolicyLayer> = fc.record({
  owner: fc.constantFrom('manifest' as const, 'request' as const, 'operator' as const),
  allow: rules,
  deny: rules,
  allowPrivate: fc.oneof(fc.constant('any' as const), ranges),
  denyAddresses: ranges,
})
const policy: fc.Arbitrary<Policy> = fc.record({ layers: fc.array(layer, { maxLength: 3 }) })

/** Whether a policy allows an action, and a connection to an address. */
function allows(of: Policy, wanted: Action, to: string): readonly [action: boolean, address: boolean] {
  const gate = createGate(of)
  return [gate.decide(wanted).isAllowed, gate.decideAddress(to, 80).isAllowed]
}

test('an intersection allows what both parts allow', () => {
  fc.assert(
    fc.property(policy, policy, action, address, (one, other, wanted, to) => {
      const parts = [allows(one, wanted, to), allows(other, wanted, to)] as const
      const both = allows(intersectPolicies(one, other), wanted, to)
      assert.deepEqual(both, [parts[0][0] && parts[1][0], parts[0][1] && parts[1][1]])
      assert.deepEqual(allows(intersectPolicies(other, one), wanted, to), both)
    }),
    { numRuns: 1000 },
  )
})

test('a rule that denies never allows more, and one that allows never less', () => {
  fc.assert(
    fc.property(policy, layer, ruleText, action, address, ({ layers }, last, text, wanted, to) => {
      const rule = parsePermission(text)
      const [before, addressBefore] = allows({ layers: [...layers, last] }, wanted, to)
      const denied = { ...last, deny: [...last.deny, rule] }
      const [afterDeny, addressAfterDeny] = allows({ layers: [...layers, denied] }, wanted, to)
      assert.ok(before || !afterDeny)
      assert.ok(addressBefore || !addressAfterDeny)
      const allowed = { ...last, allow: [...last.allow, rule] }
      assert.ok(!before || allows({ layers: [...layers, allowed] }, wanted, to)[0])
    }),
    { numRuns: 1000 },
  )
})

test('what a rule allows, the same rule denies', () => {
  fc.assert(
    fc.property(ruleText, action, (text, wanted) => {
      const rule = parsePermission(text)
      const only: PolicyLayer = { owner: 'operator', allow: [rule], deny: [], allowPrivate: [], denyAddresses: [] }
      const denied = { ...only, deny: [rule] }
      assert.equal(allows({ layers: [denied] }, wanted, '8.8.8.8')[0], false)
      const other = { ...denied, allow: [parsePermission('*')] }
      if (allows({ layers: [only] }, wanted, '8.8.8.8')[0]) {
        assert.equal(allows({ layers: [other] }, wanted, '8.8.8.8')[0], false)
      }
    }),
    { numRuns: 1000 },
  )
})
