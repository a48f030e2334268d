import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { DEFAULT_LIMITS, type Limits, parsePermission, protocolLimits, SchemaError } from '@blockless/core'
import type { LinkedModule, MemoryMount, Program } from '@blockless/runtime'
import { ConfigError } from '../../../config/config-error.ts'
import { FileError } from '../../../errors/cli-error.ts'
import type { Io } from '../../../io/io.ts'
import { readFileBounded } from '../../../io/read-files.ts'
import { type ConfigPlace, folderPlace, type Refusal } from './config-place.ts'
import { type ConfigModule, ConfigValueError, type RunConfig, readRunConfig } from './config-schema.ts'
import type { FolderMount, LoadedRun, OutputSetting } from './loaded-run.ts'
import type { PackedModules } from './packed-module.ts'

/** Configurations are a few kilobytes; more is another file. */
const CONFIG_SIZE_MAX = 1_048_576

/** Reads a configuration of the existing runtime, or a function's `manifest.json`. @param path - absolute */
export async function loadConfigFile(io: Io, path: string): Promise<LoadedRun> {
  const content = await readFileBounded(path, CONFIG_SIZE_MAX).catch((cause: unknown) => {
    const isLarge = cause instanceof FileError && cause.details.problem.includes('bytes')
    throw isLarge ? new ConfigError({ path, problem: NEITHER, hint: INPUTS }) : cause
  })
  return await loadConfig(folderPlace(io, path), content)
}

const NEITHER = 'it is neither a module nor a configuration'
const INPUTS = 'modules end with .wasm or .wat, archives with .car, and a configuration is a JSON object'

/** Reads the bytes of a configuration. @throws {CliError} naming the value that is wrong */
export async function loadConfig(place: ConfigPlace, content: Uint8Array): Promise<LoadedRun> {
  const { config, warnings } = parseConfig(place.path, content)
  const { program, name, warnings: unchecked } = await loadProgram(place, config)
  const mounts = await mountsOf(place, config)
  const [stdout, stderr] = [await outputOf(place, config, 'stdout'), await outputOf(place, config, 'stderr')]
  const log = await logOf(place, config)
  const { permissions, warnings: left } = permissionsOf(config.permissions ?? [])
  const isText = config.stdin !== undefined && config.stdin !== 'inherit'
  return {
    program,
    name,
    entry: isVersion1(config) ? (config.entry ?? '_start') : '_start',
    limits: limitsOf(config),
    env: { ...config.envs, ...config.env },
    permissions,
    mounts: mounts.flatMap((mount) => ('warning' in mount ? [] : [mount])),
    ...(isText && config.stdin !== '' ? { stdin: config.stdin } : {}),
    stdout: stdout.setting,
    stderr: stderr.setting,
    ...(log.setting === undefined ? {} : { logFile: log.setting }),
    warnings: [
      ...warnings,
      ...unchecked,
      ...left,
      ...mounts.flatMap((mount) => ('warning' in mount ? [mount.warning] : [])),
      ...stdout.warnings,
      ...stderr.warnings,
      ...log.warnings,
      ...driversWarnings(place, config),
    ].map((warning) => `in "${place.path}", ${warning}`),
  }
}

function parseConfig(path: string, content: Uint8Array): ReturnType<typeof readRunConfig> {
  try {
    return readRunConfig(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)))
  } catch (cause) {
    if (cause instanceof ConfigValueError) throw new ConfigError({ path, problem: cause.message }, { cause })
    if (!(cause instanceof SyntaxError) && !(cause instanceof TypeError)) throw cause
    throw new ConfigError({ path, problem: `${NEITHER}: ${cause.message}`, hint: INPUTS }, { cause })
  }
}

/** Files of version 0 name a module as their entry, those of version 1 an exported function. */
function isVersion1({ version, modules }: RunConfig): boolean {
  return version === undefined ? modules !== undefined : version === 1
}

async function loadProgram(
  place: ConfigPlace,
  config: RunConfig,
): Promise<{ readonly program: Program; readonly name: string; readonly warnings: readonly string[] }> {
  if (!isVersion1(config)) {
    if (config.entry === undefined) {
      const problem = '"entry" is missing, the path of the module is needed'
      throw new ConfigError({ path: place.path, problem })
    }
    const program = { entry: await place.readModule(config.entry), modules: [] }
    return { program, name: basename(config.entry), warnings: [] }
  }
  const all = config.modules ?? []
  const [entry, ...others] = all.filter(({ type }) => type === 'entry')
  if (entry === undefined || others.length > 0) {
    const problem = `"modules" has ${others.length + (entry === undefined ? 0 : 1)} of type "entry", exactly one is needed`
    throw new ConfigError({ path: place.path, problem })
  }
  const modules: LinkedModule[] = []
  for (const module of all) {
    if (module !== entry) modules.push({ name: module.name, wasm: await readChecked(place, module, config.runtime) })
  }
  const unchecked = all
    .filter(({ md5 }) => md5 === undefined)
    .map(({ file }) => `"${file}" has no "md5": it was not checked`)
  const threads = config.features?.includes('threads') === true
  const program = { entry: await readChecked(place, entry, config.runtime), modules, threads }
  return { program, name: basename(entry.file), warnings: place.kind === 'package' ? [] : unchecked }
}

async function readChecked(
  place: ConfigPlace,
  { file, md5 }: ConfigModule,
  packed: PackedModules | undefined,
): Promise<Uint8Array> {
  const wasm = await place.readModule(file, packed)
  const found = createHash('md5').update(wasm).digest('hex')
  if (md5 === undefined || md5.toLowerCase() === found) return wasm
  const problem = `the MD5 of its module "${file}" is ${found}, "md5" says ${md5}`
  throw new ConfigError({
    path: place.path,
    problem,
    hint: 'write the new one down if you have built the module again',
  })
}

function limitsOf(config: RunConfig): Limits {
  const limits = config.limits ?? DEFAULT_LIMITS
  const pages = config.limited_memory ?? Number.POSITIVE_INFINITY
  const wanted = Math.min(pages * protocolLimits.PAGE_SIZE, config.max_memory_size ?? Number.POSITIVE_INFINITY)
  return {
    ...limits,
    ...(config.limited_fuel === undefined ? {} : { fuel: config.limited_fuel }),
    ...(config.run_time === undefined ? {} : { deadlineMs: config.run_time }),
    ...(Number.isFinite(wanted) ? { memoryBytes: Math.min(wanted, protocolLimits.MEMORY_SIZE_MAX) } : {}),
  }
}

async function mountsOf(
  place: ConfigPlace,
  config: RunConfig,
): Promise<readonly (MemoryMount | FolderMount | Refusal)[]> {
  // a function of the network has no folders, and its package is run here as there
  if (place.kind === 'package') return []
  const folders = (config.map_dirs ?? []).map(async ({ host, guest }) => await place.mount(host, guest))
  // an archive is its own root; a folder of the machine is given only where it is named
  const hasRoot = config.fs_root_path !== undefined || place.kind === 'archive'
  return await Promise.all([...(hasRoot ? [place.mount(config.fs_root_path ?? '', '/')] : []), ...folders])
}

/** A setting with what was left out of it. */
interface Read<T> {
  readonly setting: T
  readonly warnings: readonly string[]
}

async function outputOf(
  place: ConfigPlace,
  config: RunConfig,
  stream: 'stdout' | 'stderr',
): Promise<Read<OutputSetting>> {
  const where = config[stream] ?? 'inherit'
  if (where === 'inherit' || where === 'null' || where === '') return { setting: where || 'inherit', warnings: [] }
  const setting = await place.output(where, config.fs_root_path)
  if (typeof setting === 'string' || 'file' in setting) return { setting, warnings: [] }
  return { setting: 'inherit', warnings: [`"${stream}" has no effect: ${setting.warning}, use --${stream}`] }
}

async function logOf(place: ConfigPlace, { runtime_logger: file }: RunConfig): Promise<Read<string | undefined>> {
  if (file === undefined || place.kind === 'package') return { setting: undefined, warnings: [] }
  const found = await place.logFile(file)
  if (typeof found === 'string') return { setting: found, warnings: [] }
  const warning = `"runtime_logger" has no effect: ${found.warning}, use --runtime-logger`
  return { setting: undefined, warnings: [warning] }
}

/** Extensions run outside the sandbox, so a stranger's configuration does not choose them. */
function driversWarnings(place: ConfigPlace, { drivers_root_path: folder }: RunConfig): readonly string[] {
  if (folder === undefined || folder === '' || place.kind === 'package') return []
  return ['"drivers_root_path" has no effect: extensions run outside the sandbox, allow them with --drivers-root-path']
}

/** What is no permission allowed nothing in the existing runtime either. */
function permissionsOf(texts: readonly string[]): { permissions: string[]; warnings: string[] } {
  const warnings: string[] = []
  const permissions = texts.filter((entry, index) => {
    try {
      if (parsePermission(entry).kind !== 'all') return true
      warnings.push(`"permissions[${index}]" has no effect: "*" is for --allow-all`)
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error
      warnings.push(
        `"permissions[${index}]" has no effect: ${error.details.expected} expected, got ${error.details.found}`,
      )
    }
    return false
  })
  return { permissions, warnings }
}
