import { CodedError, isCodedError, type Manifest, manifestSchema, toUtf8 } from '@blockless/core'
import type { CID } from 'multiformats/cid'
import type { BlockReader } from '../dag/dag-walk.ts'
import { MANIFEST_SIZE_MAX, MODULE_SIZE_MAX } from '../defaults.ts'
import type { AbortOptions, BlockStorage } from '../store/block-storage.ts'
import { type ImportedDag, type ImportOptions, importFiles } from '../unixfs/import-files.ts'
import { readFile } from '../unixfs/read-file.ts'

/** Why a package cannot be used. */
export type PackageReason =
  | { readonly code: 'ERR_PACKAGE_MANIFEST'; readonly cid: string; readonly problem: string }
  | { readonly code: 'ERR_PACKAGE_MODULE'; readonly cid: string; readonly file: string; readonly problem: string }

/** A folder that is not a function package. */
export class PackageError extends CodedError<PackageReason['code'], PackageReason> {
  constructor(reason: PackageReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

/** A function as it is addressed: `manifest.json` and the module that it names. */
export interface FunctionPackage {
  readonly cid: CID
  readonly manifest: Manifest
  readonly wasm: Uint8Array
}

const MANIFEST_FILE = 'manifest.json'

/**
 * Makes a function package: a UnixFS folder with `manifest.json` and the entry module.
 *
 * The manifest is written with its keys in the order given and two spaces, so the same function has the same CID.
 *
 * @throws {PackageError} ERR_PACKAGE_MANIFEST if the manifest names no entry module
 * @throws {StoreError} if the store is full or its disk refuses
 */
export async function packFunction(
  store: BlockStorage,
  { manifest, wasm }: Omit<FunctionPackage, 'cid'>,
  options: ImportOptions = {},
): Promise<ImportedDag> {
  const file = entryFile(manifest, '(new)')
  const content = toUtf8(`${JSON.stringify(manifestSchema.toJson(manifest), null, 2)}\n`)
  const files = [
    { path: MANIFEST_FILE, content },
    { path: file, content: wasm },
  ]
  return await importFiles(store, files, options)
}

/**
 * Reads a function package; all of its blocks must be stored.
 *
 * @throws {PackageError} if there is no manifest, it does not fit its schema, or its module is missing or too large
 */
export async function readFunction(store: BlockReader, cid: CID, options: AbortOptions = {}): Promise<FunctionPackage> {
  const manifest = await readManifest(store, cid, options)
  const file = entryFile(manifest, cid.toString())
  try {
    const wasm = await readFile(store, cid, file, { ...options, sizeMax: MODULE_SIZE_MAX })
    return { cid, manifest, wasm }
  } catch (cause) {
    if (!isCodedError(cause)) throw cause
    const problem = cause.message
    throw new PackageError({ code: 'ERR_PACKAGE_MODULE', cid: cid.toString(), file, problem }, { cause })
  }
}

async function readManifest(store: BlockReader, cid: CID, options: AbortOptions): Promise<Manifest> {
  try {
    const content = await readFile(store, cid, MANIFEST_FILE, { ...options, sizeMax: MANIFEST_SIZE_MAX })
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
    return manifestSchema.fromJson(json, '')
  } catch (cause) {
    const isData = isCodedError(cause) || cause instanceof SyntaxError || cause instanceof TypeError
    if (!isData) throw cause
    throw new PackageError({ code: 'ERR_PACKAGE_MANIFEST', cid: cid.toString(), problem: cause.message }, { cause })
  }
}

function entryFile(manifest: Manifest, cid: string): string {
  const entries = manifest.modules.filter(({ type }) => type === 'entry')
  const [module] = entries
  if (module !== undefined && entries.length === 1) return module.file
  const problem = `exactly one module of type "entry" is needed, ${entries.length} found`
  throw new PackageError({ code: 'ERR_PACKAGE_MANIFEST', cid, problem })
}

function describe(reason: PackageReason): string {
  switch (reason.code) {
    case 'ERR_PACKAGE_MANIFEST':
      return `Cannot use ${reason.cid} as a function: its ${MANIFEST_FILE} is not usable: ${reason.problem}`
    case 'ERR_PACKAGE_MODULE':
      return `Cannot use ${reason.cid} as a function: its module "${reason.file}" is not usable: ${reason.problem}`
  }
}
