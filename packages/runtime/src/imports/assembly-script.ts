import type { Guest } from '../guest/guest.ts'
import { MESSAGE_SIZE_MAX } from '../limits.ts'
import type { HostFunctions } from '../wasi/host-function.ts'

/**
 * What plain `asc` output imports from `env`: `abort` and `trace` write to stderr in the words of AssemblyScript's own
 * WASI build, and `abort` then ends the run as an `unreachable` does; `seed` comes from the run's randomness.
 */
export function assemblyScriptFunctions(guest: Guest): HostFunctions {
  const print = (line: string): void => guest.write('stderr', new TextEncoder().encode(`${line}\n`))
  return {
    abort: (message: number, file: number, line: number, column: number) => {
      print(`abort: ${readText(guest, message)} in ${readText(guest, file)}(${line >>> 0}:${column >>> 0})`)
      return guest.finish({ kind: 'unreachable', code: 0 })
    },
    trace: (message: number, count: number, ...values: number[]) => {
      const shown = values.slice(0, Math.max(0, Math.min(count, values.length)))
      print(`trace: ${readText(guest, message)}${shown.length > 0 ? ' ' : ''}${shown.join(', ')}`)
      return undefined
    },
    seed: () => guest.random.integer(),
  }
}

/** A managed string: UTF-16 at its pointer, its byte length before it. Anything out of range reads as empty. */
function readText({ memory }: Guest, pointer: number): string {
  const address = pointer >>> 0
  if (address < 4 || !memory.has(address - 4, 4)) return ''
  const size = Math.min(memory.view.getUint32(address - 4, true), MESSAGE_SIZE_MAX) & ~1
  if (!memory.has(address, size)) return ''
  return new TextDecoder('utf-16le', { ignoreBOM: true }).decode(memory.copy(address, size))
}
