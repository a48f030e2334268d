import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '@blockless/core'
import fc from 'fast-check'
import { createExtensionFamilies } from '../../src/host/extension-families.ts'
import type { Fields } from '../../src/host-call/host-call.ts'
import { CLOSED_GATE } from '../../src/policy/gate.ts'
import { asking, hostRun, openGate, testFolder } from './host-helpers.ts'

const VERBS = ['connect', 'listen', 'open', 'accept', 'read', 'write', 'shutdown', 'poll', 'close', 'list', '', 'x']
const NAMES = ['handle', 'size', 'address', 'url', 'from', 'read', 'write', 'reads', 'writes', 'timeoutMs']

const value = fc.oneof(
  fc.integer({ min: -2, max: 3 }),
  fc.constantFrom(0xffff_ffff, 2 ** 32, 1e300, 0.5),
  fc.constantFrom('', 'stdout', 'list', '127.0.0.1:0', 'tcp://[::1]:0', 'x:', 'constructor', '\0'),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 3 }),
  fc.constant({}),
)
const fields = fc.dictionary(fc.constantFrom(...NAMES), value, { noNullPrototype: true, maxKeys: 5 })
const calls = fc.array(fc.tuple(fc.constantFrom(...VERBS), fields, fc.uint8Array({ maxLength: 50 })), { maxLength: 8 })

for (const name of ['stream', 'cgi']) {
  test(`whatever is called in "${name}", it is answered or ends the run`, async () => {
    await using folder = await testFolder()
    const config = { folder: join(folder.path, 'extensions') }
    const family = createExtensionFamilies(config, { clock: systemClock }).find((each) => each.name === name)
    assert.ok(family !== undefined)
    const property = fc.asyncProperty(calls, fc.boolean(), async (made, isOpen) => {
      const session = family.open(hostRun({ gate: isOpen ? openGate() : CLOSED_GATE }))
      const ask = asking(session)
      for (const [verb, given, bytes] of made) {
        const signal = AbortSignal.timeout(50)
        const answer = await ask(`${name}.${verb}`, given as Fields, bytes, signal).catch((error: unknown) => error)
        if (answer instanceof TypeError || signal.aborted) continue
        assert.ok(!(answer instanceof Error), String(answer))
      }
      await session.close()
    })
    await fc.assert(property, { numRuns: 100 })
  })
}
