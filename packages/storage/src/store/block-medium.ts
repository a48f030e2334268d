import type { CID } from 'multiformats/cid'

/**
 * Where an indexed store keeps its bytes. What changes the set of stored blocks is synchronous, so that the index and
 * the medium change in one step and no other call ever sees them differ.
 */
export interface BlockMedium {
  /** Bytes that a block of `size` bytes costs here. */
  charge(size: number): number
  /** Writes the bytes aside; the function that it returns makes them the block, or throws and leaves nothing. */
  stage(key: string, bytes: Uint8Array): Promise<() => void>
  /** The bytes as they are, unverified, or `undefined` if there are none. */
  read(key: string): Promise<Uint8Array | undefined>
  remove(key: string): void
  /** Returns when the pin, and that its blocks exist, survive a power failure. */
  savePin(root: CID, cids: readonly CID[], keys: readonly string[]): Promise<void>
  removePin(root: CID): Promise<void>
}
