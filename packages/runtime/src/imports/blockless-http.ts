import type { Guest } from '../guest/guest.ts'
import { CALL_BYTES_SIZE_MAX, CALL_TEXT_SIZE_MAX } from '../host-call/call-sizes.ts'
import type { FieldValue } from '../host-call/host-call.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { checkInside, readJsonText, readText, writeBytes, writeU32 } from './guest-values.ts'
import { type OptionsFault, parseHttpOptions } from './http-options.ts'

/** Errors of `blockless_http.witx`; those that have no name here (2, 3) never happen. */
const SUCCESS = 0
const INVALID_HANDLE = 1
const HEADER_NOT_FOUND = 4
const UTF8 = 5
const DESTINATION_NOT_ALLOWED = 6
const INVALID_METHOD = 7
const INVALID_ENCODING = 8
const INVALID_URL = 9
const REQUEST = 10
const RUNTIME = 11
const TOO_MANY_SESSIONS = 12
const INVALID_DRIVER = 13
const PERMISSION_DENIED = 14
const HEADERS_VALIDATION = 15

const OPEN_CODES: ReadonlyMap<string, number> = new Map([
  ['address', DESTINATION_NOT_ALLOWED],
  ['method', INVALID_METHOD],
  ['url', INVALID_URL],
  ['failed', REQUEST],
  ['timeout', REQUEST],
  ['limit', TOO_MANY_SESSIONS],
  ['unavailable', INVALID_DRIVER],
  ['denied', PERMISSION_DENIED],
  ['header', HEADERS_VALIDATION],
])
const FAULT_CODES: Readonly<Record<OptionsFault, number>> = {
  json: INVALID_ENCODING,
  body: INVALID_ENCODING,
  method: INVALID_METHOD,
  headers: HEADERS_VALIDATION,
}

/** Bytes of the first read that goes beyond what the guest asks for; each is twice the one before. */
const READ_SIZE_MIN = 1024
const AHEAD_SIZE_MAX = 65_536
/** Bytes of one call; a larger buffer is filled by several. */
const READ_SIZE_MAX = 1_048_576
const NO_BYTES: Uint8Array = new Uint8Array()

/** A response as far as this side of it goes. */
interface Response {
  readonly headers: ReadonlyMap<string, Uint8Array>
  /** Fetched and not yet given to the guest. */
  rest: Uint8Array
  /** What the next call fetches at least. */
  aheadSize: number
  isBodyBegun: boolean
  /** Whether the host has nothing more, and has forgotten the handle. */
  isEnd: boolean
}

/** The pointers of a call, by which a loop is told from two calls. */
interface HeaderRead {
  readonly name: string
  readonly at: readonly number[]
  /** Bytes of the value that the loop has had. */
  readonly given: number
}

interface Responses {
  readonly byHandle: Map<number, Response>
  lastHeaderRead: HeaderRead | undefined
}

/** Buffer of the SDKs that read a header in a loop until nothing comes; no other SDK has one of this size. */
const LOOP_BUFFER_SIZE = 1024

/** The module `blockless_http`: requests over HTTP. */
export function blocklessHttpFunctions(guest: Guest): HostFunctions {
  const request = async (...at: number[]): Promise<number> => await openResponse(guest, at)
  return {
    http_req: request,
    http_open: request,
    http_close: async (handle: number) => {
      const { byHandle } = guest.ofRun(createResponses)
      const response = byHandle.get(handle >>> 0)
      if (response === undefined) return INVALID_HANDLE
      byHandle.delete(handle >>> 0)
      if (!response.isEnd) await guest.ask('http.close', { handle: handle >>> 0 })
      return SUCCESS
    },
    http_read_header: (...at: number[]) => readHeader(guest, at),
    http_read_body: async (handle: number, address: number, size: number, result: number) => {
      checkInside(guest, address, size)
      checkInside(guest, result, 4)
      const responses = guest.ofRun(createResponses)
      responses.lastHeaderRead = undefined
      const response = responses.byHandle.get(handle >>> 0)
      if (response === undefined) return INVALID_HANDLE
      response.isBodyBegun = true
      const buffer = { address: address >>> 0, size: size >>> 0 }
      const count = await readBody(guest, handle >>> 0, response, buffer)
      if (count === undefined) return RUNTIME
      writeU32(guest, result, count)
      return SUCCESS
    },
  }
}

function createResponses(): Responses {
  return { byHandle: new Map(), lastHeaderRead: undefined }
}

async function openResponse(guest: Guest, at: readonly number[]): Promise<number> {
  const [urlAt = 0, urlSize = 0, optionsAt = 0, optionsSize = 0, handleAt = 0, codeAt = 0] = at
  checkInside(guest, handleAt, 4)
  checkInside(guest, codeAt, 4)
  const url = readText(guest, urlAt, urlSize)
  const text = readJsonText(guest, optionsAt, optionsSize)
  if (url === undefined || text === undefined) return UTF8
  if (urlSize >>> 0 > CALL_TEXT_SIZE_MAX) return INVALID_URL
  const options = parseHttpOptions(text)
  if (typeof options === 'string') return FAULT_CODES[options]
  const { body, ...fields } = options
  if (body.length > CALL_BYTES_SIZE_MAX) return REQUEST
  if (sizeOf(fields.headers) > CALL_TEXT_SIZE_MAX) return HEADERS_VALIDATION
  const answer = await guest.ask('http.open', { ...fields, url }, body)
  if (answer.status !== 'ok') return OPEN_CODES.get(answer.status) ?? RUNTIME
  const { handle, status, headers } = answer.fields
  const responses = guest.ofRun(createResponses)
  responses.lastHeaderRead = undefined
  const begun = { rest: NO_BYTES, aheadSize: READ_SIZE_MIN, isBodyBegun: false, isEnd: false }
  responses.byHandle.set(Number(handle), { headers: headerValues(headers), ...begun })
  writeU32(guest, handleAt, Number(handle))
  writeU32(guest, codeAt, Number(status))
  return SUCCESS
}

/**
 * Gives the value of a header, from its beginning at each call and as much as the buffer takes.
 *
 * SDKs for Rust up to 0.2.1 call in a loop until they are given nothing. They are known by a buffer of 1024 bytes and by
 * calls that are the same one after the other, with nothing else asked of HTTP in between; such a call goes on where the
 * last one ended, and is given nothing once at the end of the value.
 */
function readHeader(guest: Guest, at: readonly number[]): number {
  const [handle = 0, nameAt = 0, nameSize = 0, address = 0, size = 0, result = 0] = at
  checkInside(guest, address, size)
  checkInside(guest, result, 4)
  const name = readText(guest, nameAt, nameSize)?.toLowerCase()
  const responses = guest.ofRun(createResponses)
  const last = responses.lastHeaderRead
  responses.lastHeaderRead = undefined
  const response = responses.byHandle.get(handle >>> 0)
  if (response === undefined) return INVALID_HANDLE
  if (name === undefined) return UTF8
  if (response.isBodyBegun) return RUNTIME
  const value = response.headers.get(name)
  if (value === undefined) return HEADER_NOT_FOUND
  const isRepeated = last?.name === name && last.at.every((each, index) => each === at[index])
  const given = size === LOOP_BUFFER_SIZE && isRepeated ? last.given : 0
  const count = writeBytes(guest, address, size, value.subarray(given))
  writeU32(guest, result, count)
  if (count > 0) responses.lastHeaderRead = { name, at, given: given + count }
  return SUCCESS
}

/**
 * Fills the buffer as far as there is a body. Where it broke is where it ends, as programs expect.
 *
 * @returns how many bytes there were; undefined if a limit of the run is what kept the rest back
 */
async function readBody(
  guest: Guest,
  handle: number,
  response: Response,
  buffer: { readonly address: number; readonly size: number },
): Promise<number | undefined> {
  let count = 0
  while (count < buffer.size) {
    if (response.rest.length === 0) {
      if (response.isEnd) break
      const status = await fetchMore(guest, handle, response, buffer.size - count)
      if (status === 'limit') return count === 0 ? undefined : count
    }
    const given = writeBytes(guest, buffer.address + count, buffer.size - count, response.rest)
    response.rest = response.rest.subarray(given)
    count += given
  }
  return count
}

/**
 * Fetches what the guest asks for, and more each time: SDKs read a kilobyte at a time, and each call costs more than
 * moving 64. How much is asked for follows from the calls before, never from the network, so that nodes agree.
 */
async function fetchMore(guest: Guest, handle: number, response: Response, wanted: number): Promise<string> {
  const size = Math.min(READ_SIZE_MAX, Math.max(wanted, response.aheadSize))
  response.aheadSize = Math.min(AHEAD_SIZE_MAX, response.aheadSize * 2)
  const answer = await guest.ask('http.read', { handle, size })
  response.rest = answer.bytes
  response.isEnd = answer.status !== 'limit' && answer.bytes.length < size
  return answer.status
}

/** Values by name in lower case; a header that came more than once is one list (RFC 9110, section 5.3). */
function headerValues(texts: FieldValue | undefined): ReadonlyMap<string, Uint8Array> {
  const joined = new Map<string, string>()
  for (const [name, value] of headerPairs(texts)) {
    const before = joined.get(name)
    joined.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  const encoder = new TextEncoder()
  return new Map([...joined].map(([name, value]) => [name, encoder.encode(value)]))
}

/** Headers of an answer, their names in lower case. */
export function headerPairs(texts: FieldValue | undefined): readonly (readonly [name: string, value: string])[] {
  const list = Array.isArray(texts) ? texts : []
  return Array.from({ length: list.length >> 1 }, (_, index) => [
    String(list[index * 2]).toLowerCase(),
    String(list[index * 2 + 1]),
  ])
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((size, text) => size + Buffer.byteLength(text), 0)
}
