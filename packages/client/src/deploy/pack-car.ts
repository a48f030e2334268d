import { type CID, concat } from '@blockless/core'
import { exportCar, type FunctionSource, MemoryBlockStore, packFunction } from '@blockless/storage'
import { PACKAGE_SIZE_MAX } from '../defaults.ts'

/** A function as it travels. */
export interface PackedFunction {
  readonly functionCid: CID
  /** CAR (version 1) with the function's folder as its only root. */
  readonly car: Uint8Array
}

/**
 * Packs a function in memory.
 *
 * @param source - `wasm` is the module that the manifest's entry names, `modules` are the others
 * @throws {PackageError} if the manifest names no entry module
 * @throws {StoreError} if the package is larger than the network takes
 */
export async function packCar(
  source: FunctionSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<PackedFunction> {
  const store = new MemoryBlockStore({ sizeMax: PACKAGE_SIZE_MAX })
  const { cid } = await packFunction(store, source, { pin: true, ...options })
  const chunks: Uint8Array[] = []
  for await (const chunk of exportCar(store, cid, options)) chunks.push(chunk)
  return { functionCid: cid, car: concat(...chunks) }
}
