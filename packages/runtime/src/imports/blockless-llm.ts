import type { Guest } from '../guest/guest.ts'
import { CALL_TEXT_SIZE_MAX, MODEL_SIZE_MAX, PROMPT_SIZE_MAX } from '../host-call/call-sizes.ts'
import type { Fields } from '../host-call/host-call.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { checkInside, readText, writeBytes, writeU32 } from './guest-values.ts'

/** Errors of `blockless_llm.witx`. */
const SUCCESS = 0
const NOT_SUPPORTED = 2
const OPTIONS_NOT_SET = 5
const UTF8 = 7
const RUNTIME = 8
const CODES: ReadonlyMap<string, number> = new Map([
  ['ok', SUCCESS],
  ['bad-handle', 1],
  ['unknown-model', NOT_SUPPORTED],
  ['unavailable', NOT_SUPPORTED],
  ['failed', 4],
  ['timeout', 4],
  ['options', OPTIONS_NOT_SET],
  ['limit', RUNTIME],
  ['tools', 9],
  ['denied', 10],
])

/** A result whose length is an integer of `lengthSize` bytes, and so is how much of it was written. */
interface ResultBuffer {
  readonly address: number
  readonly size: number
  readonly result: number
  readonly lengthSize: 1 | 2
}

/** The module `blockless_llm`: chats with a language model that the operator provides. */
export function blocklessLlmFunctions(guest: Guest): HostFunctions {
  const fetch = (name: string, handle: number, buffer: ResultBuffer): Promise<number> =>
    fetchText(guest, name, handle, buffer)
  return {
    llm_set_model_request: async (handle: number, model: number, size: number) => {
      checkInside(guest, handle, 4)
      const text = readText(guest, model, size)
      if (text === undefined) return UTF8
      if (size >>> 0 > MODEL_SIZE_MAX) return NOT_SUPPORTED
      const { status, fields } = await guest.ask('llm.open', { model: text })
      if (status === 'ok') writeU32(guest, handle, Number(fields.handle))
      return codeOf(status)
    },
    llm_get_model_response: (handle: number, address: number, size: number, result: number) =>
      fetch('llm.model', handle, { address, size, result, lengthSize: 1 }),
    llm_set_model_options_request: async (handle: number, options: number, size: number) => {
      const text = readText(guest, options, size)
      if (text === undefined) return UTF8
      if (size >>> 0 > CALL_TEXT_SIZE_MAX) return OPTIONS_NOT_SET
      return await tell(guest, 'llm.configure', { handle: handle >>> 0, options: text })
    },
    llm_get_model_options: (handle: number, address: number, size: number, result: number) =>
      fetch('llm.options', handle, { address, size, result, lengthSize: 2 }),
    llm_prompt_request: async (handle: number, prompt: number, size: number) => {
      const text = readText(guest, prompt, size)
      if (text === undefined) return UTF8
      if (size >>> 0 > PROMPT_SIZE_MAX) return RUNTIME
      return await tell(guest, 'llm.prompt', { handle: handle >>> 0, text })
    },
    llm_read_prompt_response: (handle: number, address: number, size: number, result: number) =>
      fetch('llm.answer', handle, { address, size, result, lengthSize: 2 }),
    llm_close: (handle: number) => tell(guest, 'llm.close', { handle: handle >>> 0 }),
  }
}

async function tell(guest: Guest, name: string, fields: Fields): Promise<number> {
  const { status } = await guest.ask(name, fields)
  return codeOf(status)
}

/** Asks for a text and writes as much of it as fits, cut between characters. */
async function fetchText(guest: Guest, name: string, handle: number, buffer: ResultBuffer): Promise<number> {
  const { address, result, lengthSize } = buffer
  const size = Math.min(buffer.size >>> 0, lengthSize === 1 ? 0xff : 0xffff)
  checkInside(guest, address, size)
  checkInside(guest, result, lengthSize)
  const { status, bytes } = await guest.ask(name, { handle: handle >>> 0 })
  if (status !== 'ok') return codeOf(status)
  const count = writeBytes(guest, address, size, wholeCharacters(bytes, size))
  const { view } = guest.memory
  if (lengthSize === 1) view.setUint8(result >>> 0, count)
  else view.setUint16(result >>> 0, count, true)
  return SUCCESS
}

/** The longest start of a UTF-8 text that is text too and not longer than `size`. */
function wholeCharacters(bytes: Uint8Array, size: number): Uint8Array {
  let end = Math.min(size, bytes.length)
  // bytes that go on with a character have 10 as their first bits
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

function codeOf(status: string): number {
  return CODES.get(status) ?? RUNTIME
}
