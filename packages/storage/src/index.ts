export { BlockStore, type BlockStoreInit } from '#block-store'
export { lockFolder } from '#folder-lock'
export { BlockError, type BlockReason } from './block/block-error.ts'
export { verifyBlock } from './block/block-hash.ts'
export type { CarSource } from './car/byte-reader.ts'
export { CarError, type CarReason } from './car/car-error.ts'
export { exportCar } from './car/export-car.ts'
export { type ImportCarOptions, type ImportedCar, importCar } from './car/import-car.ts'
export { DagError, type DagReason } from './dag/dag-error.ts'
export { type BlockReader, collectCids, type DagContents, type DagLimits, walkDag } from './dag/dag-walk.ts'
export type { FetchProvider } from './exchange/block-source.ts'
export type { FetchedDag } from './exchange/dag-fetch.ts'
export { createExchange, type Exchange, type ExchangeComponents, type FetchOptions } from './exchange/exchange.ts'
export { FetchError, type FetchReason } from './exchange/fetch-error.ts'
export {
  type FunctionPackage,
  type FunctionSource,
  PackageError,
  type PackageReason,
  type PackedModule,
  packFunction,
  readFunction,
} from './function-package/function-package.ts'
export type { AbortOptions, BlockHold, BlockStorage, PutOptions, StoreUsage } from './store/block-storage.ts'
export { MemoryBlockStore, type MemoryBlockStoreInit } from './store/memory-block-store.ts'
export { StoreError, type StoreReason } from './store/store-error.ts'
export {
  type FileContent,
  type FileSource,
  type ImportedDag,
  type ImportOptions,
  importFile,
  importFiles,
} from './unixfs/import-files.ts'
export { type ListedFile, type ListFilesOptions, listFiles } from './unixfs/list-files.ts'
export { type ReadFileOptions, readFile, readFileChunks } from './unixfs/read-file.ts'
export { UnixfsError, type UnixfsReason } from './unixfs/unixfs-error.ts'
