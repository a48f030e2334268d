import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCodedError, systemClock } from '@blockless/core'
import { createFamilies, DEFAULT_OPERATOR, operatorConfigSchema } from '../../src/host/operator-config.ts'

const permissions = { allow: [] }
const components = { clock: systemClock, environment: {} }

test('createFamilies() serves sockets, and extensions only where the operator has a folder for them', async () => {
  const names = async (json: object): Promise<readonly string[]> => {
    const families = await createFamilies(operatorConfigSchema.fromJson({ permissions, ...json }, ''), components)
    return families.map(({ name }) => name)
  }
  const plain = await names({})
  assert.ok(plain.includes('stream') && !plain.includes('cgi'))
  const extensions = { folder: '/extensions', processesMax: 4, processLimits: { cpuSeconds: 5 } }
  assert.deepEqual(await names({ extensions }), [...plain, 'cgi'])
  assert.deepEqual((await createFamilies(DEFAULT_OPERATOR, components)).length, plain.length)
})

const wrong = [
  { extensions: {} },
  { extensions: { folder: '/x', processesMax: 0 } },
  { extensions: { folder: '/x', processLimits: { cpuSeconds: 0 } } },
  { extensions: { folder: '/x', more: 1 } },
]
for (const json of wrong) {
  test(`operatorConfigSchema refuses ${JSON.stringify(json)}`, () => {
    assert.throws(
      () => operatorConfigSchema.fromJson({ permissions, ...json }, ''),
      (error) => isCodedError(error),
    )
  })
}
