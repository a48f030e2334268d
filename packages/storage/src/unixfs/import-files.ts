import { invariant } from '@blockless/core'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { type ImporterOptions, importer, type WritableStorage } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import type { AbortOptions, BlockHold, BlockStorage } from '../store/block-storage.ts'
import { collectBytes } from '../store/collect-bytes.ts'
import { createLayout } from './import-layout.ts'
import { UnixfsError } from './unixfs-error.ts'
import { parsePath } from './unixfs-path.ts'

/** Bytes of a file, at once or in pieces of any size. */
export type FileContent = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** A file to import. */
export interface FileSource {
  /** Relative path such as `bin/run.wasm`. */
  readonly path: string
  readonly content: FileContent
}

/** Options of an import. */
export interface ImportOptions extends AbortOptions {
  /** Pin the result under its root before the blocks can be evicted. Default: false. */
  readonly pin?: boolean
}

/** What an import made. */
export interface ImportedDag {
  readonly cid: CID
  /** Bytes of its distinct blocks. */
  readonly size: number
  /** Its distinct blocks, in the order of their text. */
  readonly cids: CID[]
}

/**
 * Imports files as one directory.
 *
 * The CID depends on nothing but paths and bytes: version 1, sha2-256, raw leaves of 262,144 bytes, 174 links a node,
 * balanced, directories sharded (HAMT, 256 wide) when their names and links exceed 262,144 bytes, no times, no modes.
 * This is what `ipfs add -r --cid-version=1` makes of a folder with these files.
 *
 * @param files - in any order; a path may be neither given twice nor lie below another file
 * @throws {UnixfsError} `ERR_UNIXFS_PATH` or `ERR_UNIXFS_DUPLICATE`; nothing is stored then
 * @throws {StoreError} if the store is full or its disk refuses; blocks stored until then are left to eviction
 *
 * @example
 * ```ts
 * import { importFiles, listFiles, MemoryBlockStore } from '@blockless/storage'
 * const store = new MemoryBlockStore({ sizeMax: 1_000_000 })
 * const bytes = new TextEncoder().encode('hello\n')
 * const { cid } = await importFiles(store, [{ path: 'docs/hello.txt', content: bytes }])
 * const files = await listFiles(store, cid)
 * assert.deepEqual(files.map(({ path, size }) => ({ path, size })), [{ path: 'docs/hello.txt', size: 6 }])
 * ```
 */
export async function importFiles(
  store: BlockStorage,
  files: readonly FileSource[],
  options: ImportOptions = {},
): Promise<ImportedDag> {
  assertDistinct(files)
  return await importDag(store, files, { ...createLayout(), wrapWithDirectory: true }, options)
}

/**
 * Imports one file without a directory around it: what `ipfs add --cid-version=1` makes of it.
 *
 * @throws {StoreError} as {@link importFiles}
 */
export async function importFile(
  store: BlockStorage,
  content: FileContent,
  options: ImportOptions = {},
): Promise<ImportedDag> {
  return await importDag(store, [{ path: 'file', content }], createLayout(), options)
}

async function importDag(
  store: BlockStorage,
  files: readonly FileSource[],
  layout: ImporterOptions,
  options: ImportOptions,
): Promise<ImportedDag> {
  options.signal?.throwIfAborted()
  using hold = store.hold()
  const sizes = new Map<string, number>()
  const target = recordPuts(store, hold, sizes, options)
  let root: CID | undefined
  for await (const entry of importer(candidates(files), target, layout)) root = entry.cid
  root ??= await putEmptyDirectory(target)
  const cids = [...sizes.keys()].sort().map((text) => CID.parse(text))
  let size = 0
  for (const blockSize of sizes.values()) size += blockSize
  if (options.pin === true) await store.pin(root, cids)
  return { cid: root, size, cids }
}

function* candidates(
  files: readonly FileSource[],
): Generator<{ path: string; content: Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array> }> {
  for (const { path, content } of files) yield { path, content }
}

function recordPuts(
  store: BlockStorage,
  hold: BlockHold,
  sizes: Map<string, number>,
  options: ImportOptions,
): WritableStorage {
  return {
    async put(cid, bytes) {
      options.signal?.throwIfAborted()
      const block = await collectBytes(bytes, Number.POSITIVE_INFINITY)
      hold.add(cid)
      // The importer has just hashed these bytes.
      await store.put(cid, block, { trusted: true })
      sizes.set(cid.toString(), block.length)
      return cid
    },
  }
}

// The importer makes nothing of nothing.
async function putEmptyDirectory(target: WritableStorage): Promise<CID> {
  const bytes = dagPb.encode({ Data: new UnixFS({ type: 'directory' }).marshal(), Links: [] })
  const cid = CID.createV1(dagPb.code, await sha256.digest(bytes))
  await target.put(cid, bytes)
  return cid
}

function assertDistinct(files: readonly FileSource[]): void {
  const taken = new Set<string>()
  const folders = new Set<string>()
  for (const { path } of files) {
    const names = parsePath(path)
    if (names.length === 0) {
      throw new UnixfsError({ code: 'ERR_UNIXFS_PATH', path, problem: 'it is empty, a file needs a name' })
    }
    if (taken.has(path)) throw new UnixfsError({ code: 'ERR_UNIXFS_DUPLICATE', path })
    taken.add(path)
    for (let count = 1; count < names.length; count++) folders.add(names.slice(0, count).join('/'))
  }
  for (const path of taken) {
    if (folders.has(path)) throw new UnixfsError({ code: 'ERR_UNIXFS_DUPLICATE', path })
  }
  invariant(taken.size === files.length, 'each file has its own path')
}
