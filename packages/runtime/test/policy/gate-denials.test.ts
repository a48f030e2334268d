import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createGate } from '../../src/policy/create-gate.ts'
import type { Action, Gate } from '../../src/policy/gate.ts'
import { createPolicy } from '../../src/policy/policy.ts'

function fetchOf(url: string): Action {
  return { kind: 'fetch', url: new URL(url), method: 'GET' }
}

function missingOf(gate: Gate, action: Action): string | undefined {
  const verdict = gate.decide(action)
  return verdict.isAllowed ? undefined : verdict.missing
}

suite('a gate denies what it cannot tell apart', () => {
  const gateWith = (deny: string[]): Gate =>
    createGate(createPolicy({ manifest: ['s3:*', 'driver:*'], operator: { allow: ['*'], deny } }))
  const bucketAt = (url: string, bucket = 'bucket'): Action => ({
    kind: 's3',
    endpoint: new URL(url),
    bucket,
    access: 'read',
  })

  test('a rule that denies a part of a bucket denies the bucket, as keys are not decided', () => {
    for (const rule of ['s3:https://s3.example/bucket/private', 'https://s3.example/bucket/private/']) {
      const gate = gateWith([rule])
      assert.match(missingOf(gate, bucketAt('https://s3.example')) ?? '', /private/, rule)
      assert.equal(missingOf(gate, bucketAt('https://s3.example', 'other')), undefined)
      assert.equal(missingOf(gate, bucketAt('https://s3.example:8443')), undefined)
    }
  })

  test('a host that no rule can name is denied by each that denies hosts', () => {
    const gate = gateWith(['net:*:25', 'net:db.example'])
    for (const url of ['http://*.mail.example:25/', 'http://a..example:25/', `http://${'a.'.repeat(140)}example:25/`]) {
      assert.match(missingOf(gate, bucketAt(url)) ?? '', /net:\*:25/, url)
    }
    for (const url of ['redis://d%62.example/', 'redis://DB.example./', 'redis://a%2eb%ff/']) {
      assert.match(missingOf(gate, { kind: 'driver', url: new URL(url) }) ?? '', /net:db/, url)
    }
    for (const url of ['redis://other.example/', 'memory:x']) {
      assert.equal(missingOf(gate, { kind: 'driver', url: new URL(url) }), undefined, url)
    }
  })

  test('an address is the same in each way to write it', () => {
    const ways = ['8.8.8.8', '0x8.010.2056', '134744072', '::ffff:8.8.8.8', '[::FFFF:808:808]']
    for (const written of ways) {
      const rule = `tcp:${written.startsWith(':') ? `[${written}]` : written}`
      const gate = createGate(createPolicy({ manifest: ['tcp:*'], operator: { allow: ['*'], deny: [rule] } }))
      for (const host of ways)
        assert.equal(gate.decide({ kind: 'connect', host, port: 1 }).isAllowed, false, `${rule} ${host}`)
    }
  })

  test('the longest URL and the most rules take a moment, as the node decides nothing else meanwhile', () => {
    const manifest = Array.from({ length: 64 }, (_, index) => `https://a.example/p${index}`)
    const deny = Array.from({ length: 256 }, (_, index) => `https://*/q${index}`)
    const gate = createGate(createPolicy({ manifest, request: manifest, operator: { allow: ['https://*'], deny } }))
    for (const part of ['%41', '%252525', '/;a']) {
      const action = fetchOf(`https://a.example/p63/${part.repeat(65_000 / part.length)}`)
      const begunMs = performance.now()
      assert.equal(missingOf(gate, action), undefined)
      // 10 ms; it was 2 s while each rule read the path anew
      assert.ok(performance.now() - begunMs < 500, part)
    }
  })
})
