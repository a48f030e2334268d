import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex, toUtf8 } from '@blockless/core'
import fc from 'fast-check'
import { sha256 as browserSha256 } from '../../src/platform/sha256-browser.ts'
import { sha256 as nodeSha256 } from '../../src/platform/sha256-node.ts'

for (const [name, sha256] of Object.entries({ node: nodeSha256, browser: browserSha256 })) {
  test(`sha256() for ${name} gives the answers of FIPS 180-4`, () => {
    for (const [message, known] of [
      ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
      [
        'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
        '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
      ],
    ] as const) {
      assert.equal(toHex(sha256(toUtf8(message))), known)
    }
  })
}

test('sha256() is the same on both platforms, views and Buffers included', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, skip) => {
      const view = bytes.subarray(Math.min(skip, bytes.length))
      assert.equal(toHex(nodeSha256(view)), toHex(browserSha256(view)))
      assert.equal(toHex(nodeSha256(Buffer.from(view))), toHex(browserSha256(view)))
    }),
  )
})
