import type { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { blockKey } from '../block/block-hash.ts'
import { type DagStep, DagWalk } from '../dag/dag-walk.ts'
import { CAR_ROOTS_MAX, CAR_SECTION_MAX, DAG_COUNT_MAX } from '../defaults.ts'
import type { AbortOptions, BlockStorage } from '../store/block-storage.ts'
import { ByteReader, type CarSource } from './byte-reader.ts'
import { CarError } from './car-error.ts'
import { readBlocks, readHeader } from './read-car.ts'

/** Options of {@link importCar}. */
export interface ImportCarOptions extends AbortOptions {
  /** Bytes that the CAR may have. */
  readonly sizeMax: number
  /** Bytes of one section. Default: 32 MiB. */
  readonly sectionMax?: number
  /** Roots in the header. Default: 16. */
  readonly rootsMax?: number
  /** Distinct blocks. Default: 65,536. */
  readonly countMax?: number
  /** Pin each root with its blocks; needs a complete CAR. Default: false. */
  readonly pin?: boolean
  /** Refuse a CAR that lacks a block of a root's DAG. Default: true; `false` takes parts of a DAG. */
  readonly isComplete?: boolean
}

/** What a CAR held. */
export interface ImportedCar {
  readonly roots: CID[]
  /** Distinct blocks, in the CAR's order. */
  readonly blocks: CID[]
  /** Bytes of these blocks. */
  readonly size: number
}

/**
 * Imports the blocks of a CAR (version 1), each verified against its CID before it is stored.
 *
 * A failed import leaves what came before the error as unpinned blocks: all are valid, and eviction takes them.
 *
 * @throws {CarError} with the byte at which the CAR is cut off, malformed, too large, wrong or incomplete
 * @throws {DagError} if a root's DAG exceeds a bound or does not decode
 * @throws {StoreError} if the store is full or its disk refuses
 * @see https://ipld.io/specs/transport/car/carv1/
 */
export async function importCar(
  store: BlockStorage,
  source: CarSource,
  options: ImportCarOptions,
): Promise<ImportedCar> {
  const { sizeMax, sectionMax = CAR_SECTION_MAX, rootsMax = CAR_ROOTS_MAX, countMax = DAG_COUNT_MAX } = options
  options.signal?.throwIfAborted()
  await using reader = new ByteReader(source, sizeMax)
  using hold = store.hold()
  const roots = await readHeader(reader, sectionMax, rootsMax)
  const blocks = new Map<string, CID>()
  let size = 0
  for await (const { cid, bytes, offset } of readBlocks(reader, sectionMax, options)) {
    const name = cid.toString()
    if (blocks.has(name)) continue
    if (blocks.size >= countMax) {
      throw new CarError({ code: 'ERR_CAR_BLOCK', offset, cid: name, problem: `more than ${countMax} came before` })
    }
    hold.add(cid)
    await store.put(cid, bytes, { trusted: true })
    blocks.set(name, cid)
    size += bytes.length
  }
  if (options.isComplete !== false) {
    const known = new Set([...blocks.values()].map(blockKey))
    for (const root of roots) {
      const cids = await collectComplete(store, root, known, { countMax, sizeMax, offset: reader.offset }, options)
      if (options.pin === true) await store.pin(root, cids)
    }
  }
  return { roots, blocks: [...blocks.values()], size }
}

// Completeness is a property of the CAR alone: a block that only the store happens to have does not count.
async function collectComplete(
  store: BlockStorage,
  root: CID,
  known: ReadonlySet<string | undefined>,
  limits: { readonly countMax: number; readonly sizeMax: number; readonly offset: number },
  options: AbortOptions,
): Promise<CID[]> {
  const walk = new DagWalk(root, { countMax: limits.countMax, sizeMax: limits.sizeMax })
  const cids: CID[] = []
  const pending: DagStep[] = [{ cid: root, depth: 0 }]
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    const key = blockKey(step.cid)
    if (key !== undefined && !known.has(key)) {
      const missing = step.cid.toString()
      throw new CarError({ code: 'ERR_CAR_INCOMPLETE', offset: limits.offset, root: root.toString(), missing })
    }
    cids.push(step.cid)
    // A raw block leads nowhere, and its bytes were counted when they came.
    if (step.cid.code === raw.code) continue
    const bytes = await store.getBytes(step.cid, options)
    for (const next of walk.visit(step, bytes).reverse()) pending.push(next)
  }
  return cids
}
