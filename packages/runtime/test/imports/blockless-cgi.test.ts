import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { systemClock } from '@blockless/core'
import { ExtensionStore } from '../../src/host/extension/extension-store.ts'
import { createExtensionFamilies } from '../../src/host/extension-families.ts'
import { blocklessCgiFunctions } from '../../src/imports/blockless-cgi.ts'
import { CLOSED_GATE } from '../../src/policy/gate.ts'
import { openGate, type TestFolder, testFolder } from '../host/host-helpers.ts'
import { TestGuest, type TestGuestInit } from './test-guest.ts'

const UPPER = `#!/bin/sh
if [ "$1" = --ext_verify ]; then echo '{"alias":"upper","description":"in capitals","is_cgi":true,"envs":["TAIL"]}'; exit; fi
echo "args $*" >&2
while read -r line; do echo "$line" | tr a-z A-Z; [ "$line" = end ] && break; done
printf '%s' "$TAIL"
`

/** A program's view of `blockless_cgi`. */
class Program extends TestGuest {
  readonly #functions = blocklessCgiFunctions(this.guest)

  async cgi(name: string, ...values: number[]): Promise<number> {
    return await this.call(this.#functions, name, ...values)
  }

  async open(json: string | Uint8Array): Promise<{ error: number; handle: number }> {
    const result = this.room(4)
    const error = await this.cgi('cgi_open', ...this.put(json), result)
    return { error, handle: this.u32(result) }
  }

  async read(name: string, handle: number, size = 100): Promise<{ error: number; text: string }> {
    const [buffer, result] = [this.room(size), this.room(4)]
    const error = await this.cgi(name, handle, buffer, size, result)
    return { error, text: this.text(buffer, this.u32(result)) }
  }

  async write(handle: number, text: string): Promise<{ error: number; size: number }> {
    const result = this.room(4)
    const error = await this.cgi('cgi_stdin_write', handle, ...this.put(text), result)
    return { error, size: this.u32(result) }
  }
}

async function programIn(folder: TestFolder, init: Partial<TestGuestInit> = {}): Promise<Program> {
  const path = join(folder.path, 'extensions')
  await new ExtensionStore(path, { clock: systemClock }).add(await folder.program('upper.sh', UPPER))
  const families = createExtensionFamilies({ folder: path }, { clock: systemClock })
  return new Program({ families, gate: openGate(), ...init })
}

suite('blockless_cgi', () => {
  test('starts an extension and talks with it', async () => {
    await using folder = await testFolder()
    await using program = await programIn(folder)
    const request = { command: 'upper', args: ['-x'], envs: [{ name: 'TAIL', value: 'the end' }] }
    const { error, handle } = await program.open(JSON.stringify(request))
    assert.deepEqual([error, handle], [0, 1])
    assert.deepEqual(await program.write(handle, 'hello\n'), { error: 0, size: 6 })
    assert.equal((await program.read('cgi_stdout_read', handle)).text, 'HELLO\n')
    assert.equal((await program.read('cgi_stderr_read', handle)).text, 'args -x\n')
    await program.write(handle, 'end\n')
    let rest = ''
    for (let piece = '-'; piece !== ''; rest += piece) {
      piece = (await program.read('cgi_stdout_read', handle, 3)).text
    }
    assert.equal(rest, 'END\nthe end')
    assert.equal((await program.write(handle, 'more')).error, 2, 'it has ended')
    assert.equal(await program.cgi('cgi_close', handle), 0)
    assert.equal(await program.cgi('cgi_close', handle), 1)
    assert.equal((await program.read('cgi_stdout_read', handle)).error, 1)
    assert.equal((await program.write(handle, 'x')).error, 1)
  })

  test('lists what there is', async () => {
    await using folder = await testFolder()
    await using program = await programIn(folder)
    const result = program.room(4)
    assert.equal(await program.cgi('cgi_list_exec', result), 0)
    const list = program.u32(result)
    let text = ''
    for (let piece = '-'; piece !== ''; text += piece) piece = (await program.read('cgi_list_read', list, 10)).text
    const [entry] = JSON.parse(text.slice(0))
    assert.deepEqual([entry.alias, entry.fileName, entry.description], ['upper', 'upper.sh', 'in capitals'])
    assert.match(entry.md5, /^[0-9a-f]{32}$/)
    assert.equal(await program.cgi('cgi_close', list), 0)
    assert.equal((await program.read('cgi_list_read', list)).error, 1)
  })

  const errors = [
    { json: '{"command":"none"}', error: 4 },
    { json: '{"command":"../upper"}', error: 4 },
    { json: '{', error: 3 },
    { json: '{"command":1}', error: 3 },
    { json: Uint8Array.of(0x7b, 0xff), error: 3 },
  ]
  for (const { json, error } of errors) {
    test(`cgi_open answers ${error} to ${String(json)}`, async () => {
      await using folder = await testFolder()
      await using program = await programIn(folder)
      assert.equal((await program.open(json)).error, error)
    })
  }

  test('knows no extension that the gate does not allow, nor any without a folder', async () => {
    await using folder = await testFolder()
    await using denied = await programIn(folder, { gate: CLOSED_GATE })
    assert.equal((await denied.open('{"command":"upper"}')).error, 4)
    await using without = new Program({
      families: createExtensionFamilies({}, { clock: systemClock }),
      gate: openGate(),
    })
    assert.equal((await without.open('{"command":"upper"}')).error, 4)
  })
})
