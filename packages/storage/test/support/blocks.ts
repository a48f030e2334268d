import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { type BlockStorage, MemoryBlockStore } from '../../src/index.ts'

/** The CID of bytes under a codec. */
export function cidOf(bytes: Uint8Array, codec: number = raw.code): CID {
  return CID.createV1(codec, createDigest(0x12, createHash('sha256').update(bytes).digest()))
}

/** `size` bytes that differ for each seed and compress badly. */
export function sampleBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = seed * 2_654_435_761 + 1
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[index] = state >>> 24
  }
  return bytes
}

/** A store that is large enough not to matter. */
export function memoryStore(): MemoryBlockStore {
  return new MemoryBlockStore({ sizeMax: 1_000_000_000 })
}

/** Stores a dag-pb node as it is, however wrong. */
export async function putNode(store: BlockStorage, unixfs: UnixFS | undefined, links: dagPb.PBLink[]): Promise<CID> {
  const node = unixfs === undefined ? { Links: links } : { Data: unixfs.marshal(), Links: links }
  return await putRaw(store, encodeLoose(node), dagPb.code)
}

/** Stores bytes under a codec. */
export async function putRaw(store: BlockStorage, bytes: Uint8Array, codec: number = raw.code): Promise<CID> {
  return await store.put(cidOf(bytes, codec), bytes)
}

/** A link as dag-pb has it. */
export function link(name: string, cid: CID, size = 0): dagPb.PBLink {
  return { Name: name, Hash: cid, Tsize: size }
}

/** A folder that is removed with the scope. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'blockless-storage-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

// The encoder wants links sorted and unique, which an attacker does not care for: it is called per link and joined.
function encodeLoose(node: dagPb.PBNode): Uint8Array {
  const parts = node.Links.map((one) => dagPb.encode({ Links: [one] }))
  const data = node.Data === undefined ? [] : [dagPb.encode({ Data: node.Data, Links: [] })]
  return Buffer.concat([...parts, ...data])
}

/** A UnixFS file node's data: the sizes that it claims. */
export function fileNode(blockSizes: readonly number[], data?: Uint8Array): UnixFS {
  const sizes = blockSizes.map(BigInt)
  return new UnixFS(
    data === undefined ? { type: 'file', blockSizes: sizes } : { type: 'file', blockSizes: sizes, data },
  )
}

/** What `map` makes of all items. */
export async function collect<T, U>(source: AsyncIterable<T> | Iterable<T>, map: (item: T) => U): Promise<U[]> {
  const items: U[] = []
  for await (const item of source) items.push(map(item))
  return items
}
