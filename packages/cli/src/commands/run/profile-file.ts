import { writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import type { FunctionFuel, NamedProfile, Program, RunProfile } from '@blockless/runtime'
import { FileError } from '../../errors/cli-error.ts'
import { formatCount, formatTable } from '../../io/format.ts'
import type { Io } from '../../io/io.ts'
import { readFileBounded } from '../../io/read-files.ts'
import { safeLine, styleFor } from '../../io/style.ts'

/** Functions that a terminal is shown. */
const SHOWN_COUNT = 10
/** Bytes of a source map: ten times the largest module that is usual. */
const SOURCE_MAP_SIZE_MAX = 134_217_728
const DATA_URL = /^data:application\/json[^,]*?(?<base64>;base64)?,(?<text>.*)$/s
/** Of a run that never began. */
const NOTHING: RunProfile = [{ parent: 0, function: { kind: 'root' }, selfFuel: 0 }]

/** A profile and what it is one of. */
export interface ProfiledRun {
  /** None if the run never began. */
  readonly profile: RunProfile | undefined
  readonly program: Program
  /** Of the program, for people. */
  readonly name: string
  /** Where the entry's module was read from, so that its source map is found; absolute. */
  readonly moduleFolder: string | undefined
}

/**
 * Writes where a run's fuel went: a speedscope file if the path ends in `.json`, else folded stacks.
 *
 * @returns what each function used
 * @throws {FileError} if the file cannot be written
 */
export async function writeProfile(path: string, run: ProfiledRun): Promise<readonly FunctionFuel[]> {
  const { foldedStacks, functionFuel, nameProfile, speedscopeFile } = await import('@blockless/runtime')
  const { profile = NOTHING, program, name } = run
  const map = await sourceMapOf(run)
  const named: NamedProfile = nameProfile(
    profile,
    program,
    map === undefined ? undefined : new Map([[program.modules.length, map]]),
  )
  const pieces = extname(path).toLowerCase() === '.json' ? speedscopeFile(named, name) : foldedStacks(named)
  await writeFile(path, pieces).catch((cause: unknown) => {
    throw new FileError('write', path, cause)
  })
  return functionFuel(named)
}

/** The source map that the entry's module names: inside it, or a file beside it; one that cannot be read is none. */
async function sourceMapOf({ program, moduleFolder }: ProfiledRun): Promise<string | undefined> {
  const { sourceMapUrlOf } = await import('@blockless/runtime')
  const url = sourceMapUrlOf(program)
  if (url === undefined) return undefined
  const { base64, text = '' } = DATA_URL.exec(url)?.groups ?? {}
  try {
    if (url.startsWith('data:')) return base64 ? Buffer.from(text, 'base64').toString() : decodeURIComponent(text)
    if (moduleFolder === undefined || /^[a-z]+:\/\//i.test(url)) return undefined
    // only ever a file beside the module, wherever the module says that it is
    const path = join(moduleFolder, basename(decodeURIComponent(url)))
    return new TextDecoder().decode(await readFileBounded(path, SOURCE_MAP_SIZE_MAX))
  } catch (error) {
    if (error instanceof FileError || error instanceof URIError) return undefined
    throw error
  }
}

/** Tells people on a terminal which functions used most, and where the rest is. */
export function printProfile(io: Io, functions: readonly FunctionFuel[], { fuelUsed, path }: PrintedProfile): void {
  if (!io.isTty) return
  const style = styleFor(io, io.stderr)
  const percent = (fuel: number): string => `${((100 * fuel) / Math.max(fuelUsed, 1)).toFixed(1)} %`.padStart(7)
  const rows = functions.slice(0, SHOWN_COUNT).map(({ name, selfFuel, totalFuel }) => {
    const [self, total] = [formatCount(selfFuel), formatCount(totalFuel)].map((text) => text.padStart(14))
    return [`${self}`, percent(selfFuel), `${total}`, percent(totalFuel), safeLine(name)]
  })
  const head = ['self'.padStart(14), '', 'total'.padStart(14), '', 'function'].map(style.dim)
  io.stderr.write(formatTable([head, ...rows]))
  const count = `${formatCount(functions.length)} ${functions.length === 1 ? 'function' : 'functions'}`
  io.stderr.write(`${style.dim(`profile in ${safeLine(path)}, ${count}`)}\n`)
}

/** What a table says beside the functions. */
export interface PrintedProfile {
  readonly fuelUsed: number
  readonly path: string
}
