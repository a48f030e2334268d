import { stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { DEFAULT_LIMITS } from '@blockless/core'
import type { LinkedModule } from '@blockless/runtime'
import { FileError, UsageError } from '../../../errors/cli-error.ts'
import type { Io } from '../../../io/io.ts'
import { readModule } from '../../../wasm/read-module.ts'
import { buildShowing } from '../../build-function/build-command.ts'
import { resolvePath } from '../../options.ts'
import type { RunFlags } from '../run-flags.ts'
import { loadArchive } from './load-archive.ts'
import { loadConfigFile } from './load-config.ts'
import { type LoadedRun, plainRun } from './loaded-run.ts'

const MODULES: readonly string[] = ['.wasm', '.wasi', '.wat']

/**
 * Reads what is to be run: a module, a project or package folder, a CAR, or a configuration.
 *
 * @param path - absolute
 * @throws {CliError} saying what is wrong with it, and where
 */
export async function loadRun(io: Io, path: string, flags: RunFlags): Promise<LoadedRun> {
  const loaded = await loadInput(io, path, flags)
  const modules = await Promise.all((flags.module ?? []).map(async (pair) => await loadLinked(io, pair)))
  const { program } = loaded
  const trapsUnknownImports = flags.unknownImportsTrap === true
  const threads = program.threads === true || flags.featureThread === true
  const linked = [...program.modules, ...modules]
  return { ...loaded, program: { ...program, modules: linked, trapsUnknownImports, threads } }
}

async function loadInput(io: Io, path: string, flags: RunFlags): Promise<LoadedRun> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new FileError('run', path, cause)
  })
  if (found.isDirectory()) return await loadFolder(io, path, flags)
  const extension = extname(path).toLowerCase()
  if (MODULES.includes(extension)) {
    const plain = plainRun({ entry: await readModule(path), modules: [] }, basename(path), DEFAULT_LIMITS)
    return { ...plain, moduleFolder: dirname(path) }
  }
  return extension === '.car' ? await loadArchive(io, path) : await loadConfigFile(io, path)
}

async function loadFolder(io: Io, path: string, { release = false, json = false }: RunFlags): Promise<LoadedRun> {
  const has = async (name: string): Promise<boolean> =>
    (await stat(join(path, name)).catch(() => undefined)) !== undefined
  if (!(await has('bls.toml')) && (await has('manifest.json')))
    return await loadConfigFile(io, join(path, 'manifest.json'))
  const { wasm, manifest, buildFolder } = await buildShowing(io, path, { release, isJson: json })
  const { entry = '_start', limits = DEFAULT_LIMITS, env = {}, permissions = [], features = [], modules } = manifest
  const program = { entry: wasm, modules: [], threads: features.includes('threads') }
  const plain = plainRun(program, modules[0]?.file ?? manifest.name, limits)
  return { ...plain, entry, env, permissions, moduleFolder: buildFolder }
}

async function loadLinked(io: Io, pair: string): Promise<LinkedModule> {
  const mark = pair.indexOf('=')
  if (mark < 1) throw new UsageError(`Cannot use --module "${pair}": NAME=PATH is needed`)
  return { name: pair.slice(0, mark), wasm: await readModule(resolvePath(io, pair.slice(mark + 1))) }
}
