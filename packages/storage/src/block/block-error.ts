import { CodedError } from '@blockless/core'

/** Why a block was refused or is not there. */
export type BlockReason =
  | { readonly code: 'ERR_BLOCK_MISSING'; readonly cid: string; readonly corrupted: boolean }
  | { readonly code: 'ERR_BLOCK_MISMATCH'; readonly cid: string; readonly size: number }
  | { readonly code: 'ERR_BLOCK_HASH'; readonly cid: string; readonly hashCode: number; readonly digestSize: number }

/** A block that is missing, that does not match its CID, or whose CID uses a hash that proves nothing. */
export class BlockError extends CodedError<BlockReason['code'], BlockReason> {
  constructor(reason: BlockReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
    // The name is part of the contract of interface-store: Bitswap answers "don't have" only for this one.
    if (reason.code === 'ERR_BLOCK_MISSING') this.name = 'NotFoundError'
  }
}

function describe(reason: BlockReason): string {
  switch (reason.code) {
    case 'ERR_BLOCK_MISSING':
      return reason.corrupted
        ? `Cannot read block "${reason.cid}": its stored bytes were corrupted and are deleted now`
        : `Cannot read block "${reason.cid}": it is not stored`
    case 'ERR_BLOCK_MISMATCH':
      return `Cannot accept block "${reason.cid}": its ${reason.size} bytes have another hash`
    case 'ERR_BLOCK_HASH':
      return `Cannot address block "${reason.cid}": hash 0x${reason.hashCode.toString(16)} with a digest of ${reason.digestSize} bytes, sha2-256 or blake2b-256 in full length is needed`
  }
}
