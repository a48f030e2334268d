import type { ImporterOptions } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { CHUNK_SIZE, NODE_LINKS_MAX } from '../defaults.ts'

/** The sizes of a layout; those of the default make the CIDs of this project and must never change. */
export interface LayoutSizes {
  /** Bytes of a leaf. Default: 262,144. */
  readonly chunkSize?: number
  /** Bytes of names and CIDs above which a directory is sharded. Default: 262,144. */
  readonly shardThreshold?: number
}

/** What `ipfs add --cid-version=1` does, as options for the importer; fresh, since the importer changes them. */
export function createLayout(sizes: LayoutSizes = {}): ImporterOptions {
  const { chunkSize = CHUNK_SIZE, shardThreshold = CHUNK_SIZE } = sizes
  return {
    cidVersion: 1,
    rawLeaves: true,
    reduceSingleLeafToSelf: true,
    chunker: fixedSize({ chunkSize }),
    layout: balanced({ maxChildrenPerNode: NODE_LINKS_MAX }),
    shardSplitStrategy: 'links-bytes',
    shardSplitThresholdBytes: shardThreshold,
    shardFanoutBits: 8,
    // What is under way at once bounds memory: 4 files of 4 chunks are 4 MiB.
    fileImportConcurrency: 4,
    blockWriteConcurrency: 4,
  }
}
