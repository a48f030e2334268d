import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT_KINDS } from '@blockless/core'
import { FUEL_EXPORT, PROFILE_EXPORT, PROFILE_HOOK, START_EXPORT, STATUS, STATUS_EXPORT } from '@blockless/wasm'
import { EXIT_KIND_CODES } from '../src/executor/protocol.ts'
import { Guest } from '../src/guest/guest.ts'
import { createGuestImports } from '../src/imports/guest-imports.ts'
import { IMPORT_SIGNATURES } from '../src/imports/signatures.ts'
import * as metering from '../src/module/metering.ts'

test('the names and numbers of rewritten modules are those of the package that rewrites', () => {
  const { FUEL_EXPORT: fuel, START_EXPORT: start, STATUS_EXPORT: status } = metering
  assert.deepEqual({ fuel, start, status }, { fuel: FUEL_EXPORT, start: START_EXPORT, status: STATUS_EXPORT })
  assert.deepEqual(metering.STATUS, STATUS)
  assert.deepEqual([metering.PROFILE_EXPORT, metering.PROFILE_HOOK], [PROFILE_EXPORT, PROFILE_HOOK])
})

test('exit kinds in frames are those of results', () => {
  assert.deepEqual(EXIT_KIND_CODES, EXIT_KINDS)
})

test('every import with a signature has a function', () => {
  const imports = createGuestImports(new Guest({ call: async () => await Promise.reject(new Error('no host')) }), false)
  for (const [module, signatures] of Object.entries(IMPORT_SIGNATURES)) {
    for (const name of Object.keys(signatures)) {
      assert.equal(typeof imports[module]?.[name], 'function', `${module}.${name}`)
    }
  }
})
