import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { LlmFamily } from '../../src/host/llm/llm-family.ts'
import { CALL_TEXT_SIZE_MAX, PROMPT_SIZE_MAX } from '../../src/host-call/call-sizes.ts'
import { blocklessLlmFunctions } from '../../src/imports/blockless-llm.ts'
import { type ChatServer, startChatServer } from '../host/llm/chat-server.ts'
import { RecordingGate } from '../host/session-bench.ts'
import { TestGuest } from './test-guest.ts'

const MODEL = 'gemma-2-2b-it'

suite('blockless_llm', () => {
  let server: ChatServer
  before(async () => {
    server = await startChatServer(({ messages }) => {
      const said = messages.at(-1)?.content ?? ''
      return said === 'fail' ? { status: 500, text: '' } : `Grüße: ${said}`
    })
  })
  after(async () => await server[Symbol.asyncDispose]())

  const familyOf = (): LlmFamily => new LlmFamily({ endpoint: server.endpoint, models: { [MODEL]: 'gemma' } })

  test('holds a conversation through pointers, with lengths of one and two bytes', async () => {
    await using guest = new TestGuest({ families: [familyOf()], gate: new RecordingGate() })
    const llm = blocklessLlmFunctions(guest.guest)
    const [handle, count, buffer] = [guest.room(4), guest.room(4), guest.room(1024)]
    const filled = (): void => guest.guest.memory.view.setUint32(count, 0xffff_ffff, true)
    assert.equal(await guest.call(llm, 'llm_set_model_request', handle, ...guest.put(MODEL)), 0)
    assert.equal(guest.u32(handle), 1)
    filled()
    assert.equal(await guest.call(llm, 'llm_get_model_response', 1, buffer, 255, count), 0)
    assert.equal(guest.u32(count), 0xffff_ff00 + MODEL.length, 'one byte is written')
    assert.equal(guest.text(buffer, MODEL.length), MODEL)
    const options = '{"system_message":"Be kind","temperature":0.1}'
    assert.equal(await guest.call(llm, 'llm_set_model_options_request', 1, ...guest.put(options)), 0)
    filled()
    assert.equal(await guest.call(llm, 'llm_get_model_options', 1, buffer, 1024, count), 0)
    const told = '{"system_message":"Be kind","tools_sse_urls":null,"temperature":0.1,"top_p":null}'
    assert.equal(guest.u32(count), 0xffff_0000 + told.length, 'two bytes are written')
    assert.equal(guest.text(buffer, told.length), told)
    assert.equal(await guest.call(llm, 'llm_prompt_request', 1, ...guest.put('hello')), 0)
    filled()
    assert.equal(await guest.call(llm, 'llm_read_prompt_response', 1, buffer, 1024, count), 0)
    assert.equal(guest.text(buffer, guest.u32(count) & 0xffff), 'Grüße: hello')
    assert.equal(await guest.call(llm, 'llm_read_prompt_response', 1, buffer, 3, count), 0)
    assert.equal(guest.u32(count) & 0xffff, 2, 'the character that does not fit is left out')
    assert.equal(await guest.call(llm, 'llm_close', 1), 0)
    assert.equal(await guest.call(llm, 'llm_close', 1), 1)
  })

  test('answers with the numbers of existing programs', async () => {
    const gate = new RecordingGate((action) => action.kind === 'model' && action.model !== 'denied')
    await using guest = new TestGuest({ families: [familyOf()], gate, limits: { handlesMax: 1 } })
    const llm = blocklessLlmFunctions(guest.guest)
    const [handle, count, buffer] = [guest.room(4), guest.room(4), guest.room(1024)]
    const open = async (model: string | Uint8Array): Promise<number> =>
      await guest.call(llm, 'llm_set_model_request', handle, ...guest.put(model))
    assert.equal(await open(new Uint8Array([0xff])), 7)
    assert.equal(await open('unknown'), 2)
    assert.equal(await open('m'.repeat(2000)), 2)
    assert.equal(await open('denied'), 10)
    assert.equal(await open(MODEL), 0)
    assert.equal(await open(MODEL), 8)
    const configure = async (options: string | Uint8Array): Promise<number> =>
      await guest.call(llm, 'llm_set_model_options_request', 1, ...guest.put(options))
    assert.equal(await configure('no JSON'), 5)
    assert.equal(await configure(' '.repeat(CALL_TEXT_SIZE_MAX + 1)), 5)
    assert.equal(await configure(new Uint8Array([0xff])), 7)
    assert.equal(await configure('{"tools_sse_urls":["http://127.0.0.1/"]}'), 10)
    assert.equal(await guest.call(llm, 'llm_read_prompt_response', 1, buffer, 100, count), 4)
    assert.equal(await guest.call(llm, 'llm_prompt_request', 1, ...guest.put('fail')), 0)
    assert.equal(await guest.call(llm, 'llm_read_prompt_response', 1, buffer, 100, count), 4)
    assert.equal(await guest.call(llm, 'llm_prompt_request', 1, ...guest.put(new Uint8Array([0xff]))), 7)
    const large = guest.room(PROMPT_SIZE_MAX + 1)
    assert.equal(await guest.call(llm, 'llm_prompt_request', 1, large, PROMPT_SIZE_MAX + 1), 8)
    assert.equal(await guest.call(llm, 'llm_get_model_options', 9, buffer, 100, count), 1)
    await using without = new TestGuest({ families: [], gate })
    const missing = blocklessLlmFunctions(without.guest)
    assert.equal(await without.call(missing, 'llm_set_model_request', without.room(4), ...without.put(MODEL)), 2)
    const broken = new LlmFamily({ endpoint: new URL('http://127.0.0.1:1'), models: { '*': 'any' } })
    await using other = new TestGuest({ families: [broken], gate: new RecordingGate() })
    const far = blocklessLlmFunctions(other.guest)
    assert.equal(await other.call(far, 'llm_set_model_request', other.room(4), ...other.put(MODEL)), 0)
    const tools = '{"tools_sse_urls":["http://127.0.0.1:1/sse"]}'
    assert.equal(await other.call(far, 'llm_prompt_request', 1, ...other.put('hello')), 0)
    assert.equal(await other.call(far, 'llm_read_prompt_response', 1, other.room(8), 8, other.room(4)), 4)
    assert.equal(await other.call(far, 'llm_set_model_options_request', 1, ...other.put(tools)), 0)
    assert.equal(await other.call(far, 'llm_read_prompt_response', 1, other.room(8), 8, other.room(4)), 9)
  })

  test('ends a run whose pointers are outside its memory before anything is asked', async () => {
    const cases: readonly (readonly [name: string, values: readonly number[]])[] = [
      ['llm_set_model_request', [-2, 0, 1]],
      ['llm_set_model_request', [0, -16, 100]],
      ['llm_get_model_response', [1, -16, 100, 0]],
      ['llm_get_model_options', [1, 0, 1, -1]],
      ['llm_set_model_options_request', [1, -16, 100]],
      ['llm_prompt_request', [1, -16, 100]],
      ['llm_read_prompt_response', [1, -16, 100, 0]],
    ]
    for (const [name, values] of cases) {
      await using guest = new TestGuest({ families: [familyOf()], gate: new RecordingGate() })
      await assert.rejects(guest.call(blocklessLlmFunctions(guest.guest), name, ...values), { name: 'GuestEnd' })
      assert.deepEqual([guest.guest.end?.kind, guest.calls.length], ['memory-out-of-bounds', 0])
    }
  })
})
