import { CodedError } from '@blockless/core'

/** Why a store could not do what was asked. */
export type StoreReason =
  | {
      readonly code: 'ERR_STORE_FULL'
      readonly size: number
      readonly sizeMax: number
      readonly keptSize: number
      readonly keptCount: number
    }
  | { readonly code: 'ERR_STORE_DISK'; readonly action: string; readonly path: string; readonly errno: string }
  | { readonly code: 'ERR_STORE_LOCKED'; readonly folder: string; readonly ownerPid: number | undefined }
  | { readonly code: 'ERR_STORE_PINNED'; readonly cid: string }
  | { readonly code: 'ERR_STORE_CLOSED'; readonly folder: string }

/** The store is full, locked or closed, or its disk refused. */
export class StoreError extends CodedError<StoreReason['code'], StoreReason> {
  constructor(reason: StoreReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

/** The `ERR_STORE_DISK` for a failed system call; the call's own error becomes the cause. */
export function diskError(action: string, path: string, cause: unknown): StoreError {
  return new StoreError({ code: 'ERR_STORE_DISK', action, path, errno: errnoOf(cause) ?? 'UNKNOWN' }, { cause })
}

/** `ENOENT` and the like, if `error` came from a system call. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function describe(reason: StoreReason): string {
  switch (reason.code) {
    case 'ERR_STORE_FULL':
      return `Cannot store ${reason.size} bytes: ${reason.keptCount} blocks with ${reason.keptSize} bytes are pinned or in use, at most ${reason.sizeMax} bytes fit; unpin something or raise the cap`
    case 'ERR_STORE_DISK':
      return `Cannot ${reason.action} "${reason.path}": the disk answered ${reason.errno}`
    case 'ERR_STORE_LOCKED':
      return `Cannot open store "${reason.folder}": process ${reason.ownerPid ?? 'unknown'} has it open, stop that one or use another folder`
    case 'ERR_STORE_PINNED':
      return `Cannot delete block "${reason.cid}": it is pinned or in use, unpin its root first`
    case 'ERR_STORE_CLOSED':
      return `Cannot use store "${reason.folder}": it is closed`
  }
}
