import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { BlockError } from '../block/block-error.ts'
import { verifyBlock } from '../block/block-hash.ts'
import type { AbortOptions } from '../store/block-storage.ts'
import type { ByteReader } from './byte-reader.ts'
import { CarError } from './car-error.ts'

/** A verified block of a CAR. */
export interface CarBlock {
  readonly cid: CID
  /** Maybe a view of the source's own chunk. */
  readonly bytes: Uint8Array
  /** Where its section begins. */
  readonly offset: number
}

/**
 * Reads the header of a CAR version 1.
 *
 * @returns its roots, 1 to `rootsMax`
 * @throws {CarError}
 */
export async function readHeader(reader: ByteReader, sectionMax: number, rootsMax: number): Promise<CID[]> {
  const { offset } = reader
  const size = await readLength(reader, sectionMax)
  const { version, roots } = decodeHeader(await reader.read(size), offset)
  if (version !== 1) {
    throw malformed(offset, `version ${JSON.stringify(version)?.slice(0, 20)}, only version 1 is read`)
  }
  if (!Array.isArray(roots)) throw malformed(offset, 'a header without roots')
  if (roots.length < 1 || roots.length > rootsMax) {
    throw new CarError({ code: 'ERR_CAR_ROOTS', offset, count: roots.length, rootsMax })
  }
  return roots.map((root: unknown) => {
    const cid = CID.asCID(root)
    if (cid === null) throw malformed(offset, 'a root that is no CID')
    return cid
  })
}

/**
 * Reads the sections after the header, each verified against its CID.
 *
 * @throws {CarError}
 */
export async function* readBlocks(
  reader: ByteReader,
  sectionMax: number,
  options: AbortOptions = {},
): AsyncGenerator<CarBlock> {
  while (!(await reader.isAtEnd())) {
    options.signal?.throwIfAborted()
    const { offset } = reader
    const section = await reader.read(await readLength(reader, sectionMax))
    const [cid, bytes] = splitSection(section, offset)
    await verifyBlock(cid, bytes).catch((cause: unknown) => {
      if (!(cause instanceof BlockError)) throw cause
      const problem = cause.code === 'ERR_BLOCK_MISMATCH' ? 'its bytes have another hash' : 'its hash is not supported'
      throw new CarError({ code: 'ERR_CAR_BLOCK', offset, cid: cid.toString(), problem }, { cause })
    })
    yield { cid, bytes, offset }
  }
}

async function readLength(reader: ByteReader, sectionMax: number): Promise<number> {
  const { offset } = reader
  const size = await reader.readVarint()
  if (size === 0) throw malformed(offset, 'a section without content')
  if (size > sectionMax) throw new CarError({ code: 'ERR_CAR_SECTION', offset, size, sectionMax })
  return size
}

function decodeHeader(bytes: Uint8Array, offset: number): { version?: unknown; roots?: unknown } {
  let header: unknown
  try {
    header = dagCbor.decode(bytes)
  } catch (cause) {
    throw malformed(offset, 'a header that is no DAG-CBOR', cause)
  }
  if (typeof header !== 'object' || header === null) throw malformed(offset, 'a header that is no map')
  return header
}

function splitSection(section: Uint8Array, offset: number): [CID, Uint8Array] {
  try {
    const [view, bytes] = CID.decodeFirst(section)
    // A CID that is a view would keep its whole section in memory for as long as anyone holds the CID.
    return [CID.decode(view.bytes.slice()), bytes]
  } catch (cause) {
    throw malformed(offset, 'a section without a valid CID', cause)
  }
}

function malformed(offset: number, problem: string, cause?: unknown): CarError {
  return new CarError({ code: 'ERR_CAR_MALFORMED', offset, problem }, { cause })
}
