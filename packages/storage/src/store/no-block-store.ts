import type { BlockStoreInit, BlockStore as DiskBlockStore } from './block-store.ts'

export type { BlockStoreInit } from './block-store.ts'

/** Stands for the store on disk where there is no disk, so that browsers can load the rest. */
export const BlockStore: { open(init: BlockStoreInit): Promise<DiskBlockStore> } = {
  open: ({ folder }) => {
    return Promise.reject(new TypeError(`Cannot open store "${folder}": browsers have no disk, use MemoryBlockStore`))
  },
}
