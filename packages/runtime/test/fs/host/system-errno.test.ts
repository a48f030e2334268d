import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getSystemErrorMap } from 'node:util'
import { errnoNameOf, nameOfErrno, systemCodeOf } from '../../../src/fs/host/owner/system-errno.ts'
import { ERRNO, type ErrnoName } from '../../../src/wasi/errno.ts'

/** Errors of Node that WASI has no number of the same name for, and what they become. */
const OTHERS: Readonly<Record<string, ErrnoName>> = {
  ECHARSET: 'ilseq',
  EFTYPE: 'inval',
  EHOSTDOWN: 'hostunreach',
  ENODATA: 'noent',
  ENONET: 'netunreach',
  EOF: 'io',
  EREMOTEIO: 'io',
  ESHUTDOWN: 'pipe',
  ESOCKTNOSUPPORT: 'notsup',
  EUNATCH: 'io',
  UNKNOWN: 'io',
}

for (const [code] of getSystemErrorMap().values()) {
  if (code.startsWith('EAI_')) continue
  test(`errnoNameOf() knows ${code}`, () => {
    const expected = OTHERS[code] ?? code.slice(1).toLowerCase()
    assert.ok(Object.hasOwn(ERRNO, expected), `nobody decided what ${code} is`)
    assert.equal(errnoNameOf(code), expected)
  })
}

test('errnoNameOf() takes what it does not know for a fault of the disk', () => {
  for (const code of ['', 'E', 'ENEW', 'noent', 'EAI_FAIL', 'Econstructor', 'ERR_OUT_OF_RANGE', 'toString']) {
    assert.equal(errnoNameOf(code), 'io')
  }
})

test('nameOfErrno() is the reverse of ERRNO', () => {
  for (const [name, errno] of Object.entries(ERRNO)) assert.equal(nameOfErrno(errno), name)
})

test('systemCodeOf() tells errors of the system from faults of ours', () => {
  assert.equal(systemCodeOf(Object.assign(new Error('x'), { code: 'ENOSPC', syscall: 'write' })), 'ENOSPC')
  assert.equal(systemCodeOf(Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' })), undefined)
  assert.equal(systemCodeOf('ENOENT'), undefined)
})
