import { type Awaitable, andThen } from '../awaitable.ts'
import type { Guest } from '../guest/guest.ts'
import type { HostFunctions } from '../wasi/host-function.ts'
import { checkInside, readBytes, writeBytes } from './guest-values.ts'

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
      return callMethod(guest, readJson(guest, address, size), result)
    },
    register: (address: number, size: number, buffer: number, bufferSize: number) => {
      if (guest.memory.size === 0) return MEMORY_NOT_FOUND
      checkInside(guest, buffer, bufferSize)
      const result = { address: buffer, size: bufferSize >>> 0 }
      return registerMethods(guest, readJson(guest, address, size), result)
    },
  }
}

interface ResultBuffer {
  readonly address: number
  readonly size: number
}

function callMethod(guest: Guest, request: unknown, result: ResultBuffer): Awaitable<number> {
  const method = isObject(request) ? request.mcall : undefined
  if (!isObject(request) || typeof method !== 'string') return fail(guest, result, 'mcall names no method')
  const params = new TextEncoder().encode(JSON.stringify(request.params ?? null))
  const answer = guest.modules?.call(method, params, result.size)
  if (answer === undefined) return fail(guest, result, `no module registered the method "${method}"`)
  return andThen(answer, (bytes) => {
    writeBytes(guest, result.address, result.size, bytes)
    return SUCCESS
  })
}

function registerMethods(guest: Guest, request: unknown, result: ResultBuffer): number {
  const methods = isObject(request) ? request.methods : undefined
  if (!Array.isArray(methods)) return fail(guest, result, 'register names no methods')
  for (const method of methods.map(String)) {
    const outcome = guest.modules?.register(method) ?? 'not a module'
    if (outcome === 'not a module') return NOT_A_MODULE
    if (outcome === 'not a method') {
      return fail(guest, result, `the module does not export memory, alloc, dealloc and "${method}"`)
    }
  }
  return SUCCESS
}

function readJson(guest: Guest, address: number, size: number): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(readBytes(guest, address, size).slice()))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function fail(guest: Guest, result: ResultBuffer, message: string): number {
  const text = JSON.stringify({ code: -1, message })
  writeBytes(guest, result.address, result.size, new TextEncoder().encode(text))
  return FAIL
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
