import type { ExitKind } from '@blockless/core'

/**
 * V8's words for a trap, and what they are called in results. Source: V8 14.6, `src/common/message-template.h`,
 * `T(WasmTrap…)`. A text that is not here is not deterministic for us, and the run is refused as a fault of the node.
 *
 * A `call_indirect` of a null entry fails V8's check of the signature first, so it is `indirect-call-type` here.
 */
const TRAPS: readonly (readonly [pattern: RegExp, kind: ExitKind])[] = [
  [/^unreachable$/, 'unreachable'],
  [/^memory access out of bounds$/, 'memory-out-of-bounds'],
  [/^data segment (?:\d+ is )?out of bounds/, 'memory-out-of-bounds'],
  [/^operation does not support unaligned accesses$/, 'unaligned-atomic'],
  [/^divide by zero$/, 'divide-by-zero'],
  [/^remainder by zero$/, 'divide-by-zero'],
  [/^divide result unrepresentable$/, 'integer-overflow'],
  [/^float unrepresentable in integer range$/, 'invalid-conversion'],
  [/^table index is out of bounds$/, 'table-out-of-bounds'],
  [/^table access out of bounds$/, 'table-out-of-bounds'],
  [/^element segment (?:\d+ is )?out of bounds/, 'table-out-of-bounds'],
  [/^null function$/, 'indirect-call-null'],
  [/^function signature mismatch$/, 'indirect-call-type'],
  // V8 13.6
  [/^null function or function signature mismatch$/, 'indirect-call-type'],
  [/^dereferencing a null pointer$/, 'null-reference'],
  [/^rethrowing null value$/, 'null-reference'],
]

const INSTANTIATION = /^WebAssembly\.Instance\(\): /

/** The kind of a V8 trap message; `undefined` if it is none that two nodes would agree on. */
export function trapKindOf(message: string): ExitKind | undefined {
  const text = message.replace(INSTANTIATION, '')
  return TRAPS.find(([pattern]) => pattern.test(text))?.[1]
}
