import { createHash } from 'node:crypto'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { type CID, DEFAULT_LIMITS, type Manifest, manifestSchema, SchemaError } from '@blockless/core'
import { agreementOf, type BlsToml, type BuildSection, limitsOf } from '../../config/bls-toml.ts'
import { ConfigError } from '../../config/config-error.ts'
import { BLS_TOML, readBlsToml } from '../../config/read-bls-toml.ts'
import { FileError } from '../../errors/cli-error.ts'
import { readModule } from '../../wasm/read-module.ts'
import { runCommand } from './run-command.ts'

/** Options of {@link buildFunction}. */
export interface BuildOptions {
  /** Whether `[build_release]` is meant, else `[build]`. Default: false. */
  readonly release?: boolean
  readonly signal: AbortSignal
  readonly onProgress?: (text: string) => void
  /** Environment of the build command. Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** A function that is ready to be deployed. */
export interface BuiltFunction {
  readonly manifest: Manifest
  readonly wasm: Uint8Array
  readonly functionCid: CID
  /** Folder with `manifest.json` and the module; absolute. */
  readonly buildFolder: string
}

/**
 * Builds the function of a project: runs its build command, checks the module, and writes `manifest.json` beside it.
 *
 * @param folder - with a bls.toml; absolute
 * @throws {ConfigError} if the bls.toml cannot be used
 * @throws {BuildError} if the command fails; its details have the compiler's output
 * @throws {FileError} if the command leaves no module where bls.toml says
 * @throws {ModuleError} if no node would run the module
 */
export async function buildFunction(folder: string, options: BuildOptions): Promise<BuiltFunction> {
  const { signal, onProgress = () => {} } = options
  const toml = await readBlsToml(folder)
  const section = sectionOf(toml, folder, options.release ?? false)
  if (section.command !== undefined) {
    onProgress(`Running ${section.command}`)
    await runCommand(section.command, { folder, env: options.env ?? process.env, signal })
  }
  const buildFolder = join(folder, section.dir ?? 'build')
  const file = await findModule(buildFolder, section)
  onProgress(`Checking ${file}`)
  const wasm = await readModule(join(buildFolder, file))
  const manifest = toManifest(toml, join(folder, BLS_TOML), { file: `${basename(file, extname(file))}.wasm`, wasm })
  const { inspectModule } = await import('@blockless/runtime')
  const memoryBytes = (manifest.limits ?? DEFAULT_LIMITS).memoryBytes
  const threads = manifest.features?.includes('threads') === true
  inspectModule({ entry: wasm, modules: [], threads }, { entry: manifest.entry ?? '_start', memoryBytes })
  await writeManifest(buildFolder, manifest)
  return { manifest, wasm, functionCid: await cidOf({ manifest, wasm }, signal), buildFolder }
}

function sectionOf(toml: BlsToml, folder: string, release: boolean): BuildSection {
  const name = release ? 'build_release' : 'build'
  const section = toml[name]
  if (section !== undefined) return section
  const other = release ? 'build' : 'build_release'
  const hint =
    toml[other] === undefined
      ? 'see examples/hello'
      : `${release ? 'leave --release out' : 'use --release'} for [${other}]`
  throw new ConfigError({ path: join(folder, BLS_TOML), problem: `the section [${name}] is missing`, hint })
}

/** The module's file name; existing files leave `.wasm` out. */
async function findModule(buildFolder: string, { entry, command }: BuildSection): Promise<string> {
  for (const file of [entry, `${entry}.wasm`]) {
    const found = await stat(join(buildFolder, file)).catch(() => undefined)
    if (found?.isFile() === true) return file
  }
  const hint =
    command === undefined
      ? 'give a "command" in bls.toml that makes it'
      : `"${command}" did not make it; check "dir" and "entry"`
  throw new FileError('read', join(buildFolder, entry), Object.assign(new Error(), { code: 'ENOENT' }), hint)
}

function toManifest(
  toml: BlsToml,
  path: string,
  module: { readonly file: string; readonly wasm: Uint8Array },
): Manifest {
  const { name, content_type: contentType, deployment } = toml
  const agreement = agreementOf(toml)
  const limits = limitsOf(toml)
  // Only existing runtimes read the MD5; here the package's CID is what protects the module.
  const md5 = createHash('md5').update(module.wasm).digest('hex')
  const manifest: Manifest = {
    version: 1,
    name,
    entry: '_start',
    ...(contentType === undefined ? {} : { contentType }),
    modules: [{ file: module.file, name, type: 'entry', md5 }],
    ...(deployment?.permissions === undefined ? {} : { permissions: deployment.permissions }),
    ...(agreement === undefined ? {} : { agreement }),
    ...(limits === undefined ? {} : { limits }),
    ...(deployment?.env === undefined ? {} : { env: deployment.env }),
    ...(deployment?.http === undefined ? {} : { http: deployment.http }),
    ...(deployment?.features === undefined ? {} : { features: deployment.features }),
  }
  try {
    return manifestSchema.check(manifest, '')
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause
    const { path: field, expected, found } = cause.details
    const key = field.replace(/^agreement\.kind/, 'deployment.consensus').replace(/^agreement\./, 'deployment.')
    throw new ConfigError({ path, problem: `"${key}": ${expected} expected, got ${found}` }, { cause })
  }
}

async function writeManifest(buildFolder: string, manifest: Manifest): Promise<void> {
  const path = join(buildFolder, 'manifest.json')
  try {
    await mkdir(buildFolder, { recursive: true })
    await writeFile(path, `${JSON.stringify(manifestSchema.toJson(manifest), null, 2)}\n`)
  } catch (cause) {
    throw new FileError('write', path, cause)
  }
}

async function cidOf(
  source: { readonly manifest: Manifest; readonly wasm: Uint8Array },
  signal: AbortSignal,
): Promise<CID> {
  const { MemoryBlockStore, packFunction } = await import('@blockless/storage')
  const store = new MemoryBlockStore({ sizeMax: 2 * source.wasm.length + 1_048_576 })
  return (await packFunction(store, source, { signal })).cid
}
