import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createGate } from '../../src/policy/create-gate.ts'
import { createPolicy, type OperatorCaps } from '../../src/policy/policy.ts'

function isAllowed(address: string, port = 80, caps: Partial<OperatorCaps> = {}): boolean {
  const gate = createGate(createPolicy({ manifest: ['net:*'], operator: { allow: ['*'], ...caps } }))
  return gate.decideAddress(address, port).isAllowed
}

const PUBLIC = [
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.0',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
]
const SPECIAL = [
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.255',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.1.1.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::FFFF:a00:1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:808:808::',
  '3fff::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
]

suite('decideAddress()', () => {
  for (const address of PUBLIC) test(`allows ${address}`, () => assert.ok(isAllowed(address)))
  for (const address of SPECIAL) test(`refuses ${address}`, () => assert.ok(!isAllowed(address)))
  for (const address of ['', 'localhost', '1.2.3', '8.8.8.8.', '0x7f.0.0.1']) {
    test(`refuses "${address}", which is no address`, () =>
      assert.ok(!isAllowed(address, 80, { allowPrivate: ['0.0.0.0/0'] })))
  }

  test('allows what the operator allows, on its port', () => {
    const caps = { allowPrivate: ['127.0.0.1:11434', '10.0.0.0/8', '[::1]:80', 'fd00::/8', '192.168.0.0/16:443'] }
    const allowed = [
      ['127.0.0.1', 11_434],
      ['::ffff:127.0.0.1', 11_434],
      ['10.9.9.9', 1],
      ['64:ff9b::a00:1', 1],
      ['::1', 80],
      ['fd00::1', 9],
      ['192.168.1.1', 443],
    ] as const
    for (const [address, port] of allowed) assert.ok(isAllowed(address, port, caps), address)
    const denied = [
      ['127.0.0.1', 80],
      ['127.0.0.2', 11_434],
      ['11.0.0.1', 1, false],
      ['::1', 81],
      ['192.168.1.1', 80],
    ] as const
    for (const [address, port, isPrivate = true] of denied)
      assert.equal(isAllowed(address, port, caps), !isPrivate, address)
  })

  test("refuses the operator's own addresses, and those of a rule that denies a host", () => {
    const caps = { denyAddresses: ['8.8.0.0/16', '[2606:4700::]:443'], deny: ['net:1.1.1.1:53', 'net:[2606:4700::1]'] }
    for (const [address, port] of [
      ['8.8.8.8', 1],
      ['::ffff:8.8.8.8', 1],
      ['2606:4700::', 443],
      ['1.1.1.1', 53],
      ['2606:4700:0::1', 9],
    ] as const) {
      assert.ok(!isAllowed(address, port, caps), address)
    }
    for (const [address, port] of [
      ['8.9.8.8', 1],
      ['2606:4700::', 80],
      ['1.1.1.1', 80],
    ] as const) {
      assert.ok(isAllowed(address, port, caps), address)
    }
  })

  for (const text of [
    '',
    '10.0.0.0/',
    '10.0.0.0/33',
    'a',
    '10.0.0.1:0',
    '10.0.0.1:99999',
    '::1:80:',
    '[::1',
    'fe80::1%a',
    '1.2.3.4/8/8',
    '::/129',
  ]) {
    test(`an operator cannot write "${text}"`, () => {
      assert.throws(() => isAllowed('8.8.8.8', 80, { allowPrivate: [text] }), /allowPrivate\[0\]/)
    })
  }
})
