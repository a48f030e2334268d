import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSecret } from '../../../src/host/shared/secret.ts'
import { testFolder } from '../host-helpers.ts'

test('readSecret() reads a variable or a file, without the line end', async () => {
  await using folder = await testFolder()
  const file = await folder.program('key', 'sk-123\n')
  assert.equal(await readSecret({ file }, {}), 'sk-123')
  assert.equal(await readSecret({ environment: 'KEY' }, { KEY: ' sk-456 ' }), 'sk-456')
  assert.equal(await readSecret({ environment: 'KEY' }, { KEY: 'Basic dXNlcjpwdw==' }), 'Basic dXNlcjpwdw==')
})

test('readSecret() refuses what is no key, and never shows it', async () => {
  await using folder = await testFolder()
  for (const content of ['', ' \n', 'two\nlines', 'three words here', 'ümlaut', 'k'.repeat(20_000)]) {
    const file = await folder.program('key', content)
    for (const source of [{ file }, { environment: 'KEY' }]) {
      await assert.rejects(readSecret(source, { KEY: content }), (error) => {
        assert.ok(error instanceof RangeError)
        assert.ok(content.trim() === '' || !error.message.includes(content))
        return true
      })
    }
  }
  await assert.rejects(readSecret({ environment: 'KEY' }, {}), RangeError)
  await assert.rejects(readSecret({ file: `${folder.path}/missing` }, {}))
})
