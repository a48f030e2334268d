import { type Awaitable, andThen } from '../awaitable.ts'
import type { Guest } from '../guest/guest.ts'
import { isJsonObject, parseJson } from '../host/shared/json-text.ts'
import { JSON_BYTE_FUEL } from '../limits.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { checkInside, readJsonText, writeBytes } from './guest-values.ts'

/** Errors of `mcall` and `register`. Traps inside a called module end the run, so the errors for those are not here. */
const SUCCESS = 0
const MEMORY_NOT_FOUND = 1
/** What is wrong is in the result buffer, as JSON. */
const FAIL = 5
const NOT_A_MODULE = 6

/** The module `blockless`: calls between the modules of a program, by name, with JSON. */
export function blocklessLinkingFunctions(guest: Guest): HostFunctions {
  return {
    mcall: (address: number, size: number, buffer: number, bufferSize: number) => {
      if (guest.memory.size === 0) return MEMORY_NOT_FOUND
      checkInside(guest, buffer, bufferSize)
      const result = { address: buffer, size: bufferSize >>> 0 }
      return callMethod(guest, parseJson(readJsonText(guest, address, size) ?? ''), result)
    },
    register: (address: number, size: number, buffer: number, bufferSize: number) => {
      if (guest.memory.size === 0) return MEMORY_NOT_FOUND
      checkInside(guest, buffer, bufferSize)
      const result = { address: buffer, size: bufferSize >>> 0 }
      return registerMethods(guest, parseJson(readJsonText(guest, address, size) ?? ''), result)
    },
  }
}

interface ResultBuffer {
  readonly address: number
  readonly size: number
}

function callMethod(guest: Guest, request: unknown, result: ResultBuffer): Awaitable<number> {
  const method = isJsonObject(request) ? request['mcall'] : undefined
  if (!isJsonObject(request) || typeof method !== 'string') return fail(guest, result, 'mcall names no method')
  const params = new TextEncoder().encode(JSON.stringify(request['params'] ?? null))
  guest.charge(params.length * JSON_BYTE_FUEL)
  const answer = guest.modules?.call(method, params, result.size)
  if (answer === undefined) return fail(guest, result, `no module registered the method "${method}"`)
  return andThen(answer, (bytes) => {
    writeBytes(guest, result.address, result.size, bytes)
    return SUCCESS
  })
}

function registerMethods(guest: Guest, request: unknown, result: ResultBuffer): number {
  const methods = isJsonObject(request) ? request['methods'] : undefined
  const isList = Array.isArray(methods) && methods.every((method) => typeof method === 'string')
  if (!isList) return fail(guest, result, 'register names no methods')
  for (const method of methods) {
    const outcome = guest.modules?.register(method) ?? 'not a module'
    if (outcome === 'not a module') return NOT_A_MODULE
    if (outcome === 'not a method') {
      return fail(guest, result, `the module does not export memory, alloc, dealloc and "${method}"`)
    }
  }
  return SUCCESS
}

function fail(guest: Guest, result: ResultBuffer, message: string): number {
  const text = JSON.stringify({ code: -1, message })
  writeBytes(guest, result.address, result.size, new TextEncoder().encode(text))
  return FAIL
}
