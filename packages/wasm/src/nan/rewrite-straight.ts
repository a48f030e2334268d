import { ByteReader } from '../binary/byte-reader.ts'
import type { ByteWriter } from '../binary/byte-writer.ts'
import { readLocals } from '../code/immediates.ts'
import { LOCALS_MAX } from '../limits.ts'
import type { FunctionType, Module } from '../module.ts'
import type { FixWriter } from './fix-writer.ts'

/**
 * Rewrites a body in which nothing changes but NaNs.
 *
 * @param fixes - has analysed this body
 * @returns its bytes without the size; a view of the module or of what `writer` holds
 */
export function rewriteStraight(module: Module, index: number, writer: ByteWriter, fixes: FixWriter): Uint8Array {
  const { bytes, bodies, types, functionTypes, importedFunctionCount } = module
  const reader = new ByteReader(bytes, bodies[index * 2] as number, bodies[index * 2 + 1] as number)
  if (fixes.nextOffset < 0) return bytes.subarray(reader.offset, reader.end)
  const { params } = types[functionTypes[importedFunctionCount + index] as number] as FunctionType
  const declared = readLocals(reader, module, LOCALS_MAX)
  const count = params.length + declared.count
  writer.u32(declared.groupCount + fixes.begin(count, count, 0))
  writer.copy(bytes, declared.start, declared.end)
  fixes.declare()
  let copied = reader.offset
  for (let next = fixes.nextOffset; next >= 0; next = fixes.nextOffset) {
    writer.copy(bytes, copied, next)
    copied = next
    fixes.writeNext()
  }
  writer.copy(bytes, copied, reader.end)
  return writer.view()
}
