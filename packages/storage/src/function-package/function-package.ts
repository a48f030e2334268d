import {
  CodedError,
  isCodedError,
  type Manifest,
  type ManifestModule,
  manifestSchema,
  toHex,
  toUtf8,
} from '@blockless/core'
import { md5 } from '@noble/hashes/legacy.js'
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

/** A module that the entry imports from, under the name that the manifest gives it. */
export interface PackedModule {
  readonly name: string
  readonly wasm: Uint8Array
}

/** A function as it is addressed: `manifest.json` and the modules that it names. */
export interface FunctionPackage {
  readonly cid: CID
  readonly manifest: Manifest
  /** The entry module. */
  readonly wasm: Uint8Array
  /** The others, in the manifest's order. */
  readonly modules: readonly PackedModule[]
}

/** A function before it has an address. */
export interface FunctionSource {
  readonly manifest: Manifest
  readonly wasm: Uint8Array
  /** One for each module of type `module` in the manifest; none if left out. */
  readonly modules?: readonly PackedModule[]
}

const MANIFEST_FILE = 'manifest.json'

/**
 * Makes a function package: a UnixFS folder with `manifest.json` and the modules.
 *
 * The manifest is written with its keys in the order given and two spaces, so the same function has the same CID.
 *
 * @throws {PackageError} ERR_PACKAGE_MANIFEST if the manifest names no entry module, or other modules than are given
 * @throws {StoreError} if the store is full or its disk refuses
 */
export async function packFunction(
  store: BlockStorage,
  { manifest, wasm, modules = [] }: FunctionSource,
  options: ImportOptions = {},
): Promise<ImportedDag> {
  const { entry, others } = modulesOf(manifest, '(new)')
  const content = toUtf8(`${JSON.stringify(manifestSchema.toJson(manifest), null, 2)}\n`)
  const files = others.map(({ name, file }) => {
    const found = modules.find((module) => module.name === name)
    if (found !== undefined) return { path: file, content: found.wasm }
    const problem = `its module "${name}" was not given`
    throw new PackageError({ code: 'ERR_PACKAGE_MANIFEST', cid: '(new)', problem })
  })
  return await importFiles(
    store,
    [{ path: MANIFEST_FILE, content }, { path: entry.file, content: wasm }, ...files],
    options,
  )
}

/**
 * Reads a function package; all of its blocks must be stored.
 *
 * @throws {PackageError} if there is no manifest, it does not fit its schema, or a module is missing, too large, or
 * another than its MD5 says
 */
export async function readFunction(store: BlockReader, cid: CID, options: AbortOptions = {}): Promise<FunctionPackage> {
  const manifest = await readManifest(store, cid, options)
  const { entry, others } = modulesOf(manifest, cid.toString())
  let sizeMax = MODULE_SIZE_MAX
  const read = async (module: ManifestModule): Promise<Uint8Array> => {
    const wasm = await readModule(store, cid, module, { ...options, sizeMax })
    sizeMax -= wasm.length
    return wasm
  }
  const wasm = await read(entry)
  const modules: PackedModule[] = []
  for (const module of others) modules.push({ name: module.name, wasm: await read(module) })
  return { cid, manifest, wasm, modules }
}

async function readModule(
  store: BlockReader,
  cid: CID,
  { file, md5: expected }: ManifestModule,
  options: AbortOptions & { readonly sizeMax: number },
): Promise<Uint8Array> {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new PackageError({ code: 'ERR_PACKAGE_MODULE', cid: cid.toString(), file, problem }, { cause })
  }
  try {
    const wasm = await readFile(store, cid, file, options)
    // the CID protects it already; an MD5 that differs says that the manifest was made for another module
    const found = toHex(md5(wasm))
    return expected === undefined || found === expected
      ? wasm
      : refuse(`its MD5 is ${found}, the manifest says ${expected}`)
  } catch (cause) {
    if (!isCodedError(cause) || cause instanceof PackageError) throw cause
    return refuse(cause.message, cause)
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

interface Modules {
  readonly entry: ManifestModule
  readonly others: readonly ManifestModule[]
}

function modulesOf(manifest: Manifest, cid: string): Modules {
  const entries = manifest.modules.filter(({ type }) => type === 'entry')
  const [entry] = entries
  const others = manifest.modules.filter(({ type }) => type === 'module')
  if (entry !== undefined && entries.length === 1) return { entry, others }
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
