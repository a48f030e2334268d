import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A test of the suite: how to run a program, and what must come of it. */
export interface WasiTest {
  /** Path of the program in the suite, without its ending. */
  readonly name: string
  readonly language: string
  readonly wasm: Uint8Array
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly stdin: string
  /** Folders that the program has: `host` on this machine, `guest` as it sees it. */
  readonly folders: readonly { readonly host: string; readonly guest: string }[]
  readonly exitCode: number
  /** Undefined if anything may be written. */
  readonly stdout: string | undefined
  readonly stderr: string | undefined
  /** Why the test is not for this runtime, if so. */
  readonly skipped: string | undefined
}

/** The newer form of a specification: steps of one run. */
interface Operation {
  readonly type: string
  readonly id?: string
  readonly payload?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly root?: string
  readonly exit_code?: number
}

/** The older form, and what both may hold; everything is optional. */
interface Specification extends Omit<Operation, 'type' | 'id' | 'payload'> {
  readonly dirs?: readonly string[]
  readonly stdin?: string
  readonly stdout?: string
  readonly stderr?: string
  readonly operations?: readonly Operation[]
  readonly world?: string
}

const LANGUAGES: ReadonlyMap<string, string> = new Map([
  ['assemblyscript', 'AssemblyScript'],
  ['c', 'C'],
  ['rust', 'Rust'],
])
/** The version field of a component, where a module has 1. */
const COMPONENT_VERSION = 0x1_000d
const SUPPORTED: ReadonlySet<string> = new Set(['run', 'write', 'read', 'wait'])

/** All tests below a folder that holds a copy of the official suite, by name. */
export function readSuite(folder: string): WasiTest[] {
  const files = globSync('**/*.wasm', { cwd: folder }).sort()
  return files.map((file) => readTest(folder, file))
}

function readTest(folder: string, file: string): WasiTest {
  const wasm = readFileSync(join(folder, file))
  const base = join(folder, file).replace(/\.wasm$/, '')
  const specification = readSpecification(`${base}.json`)
  const operations = specification.operations ?? []
  const run = { ...specification, ...operations.find(({ type }) => type === 'run') }
  const payloads = (type: string, id: string): string | undefined => {
    const found = operations.filter((operation) => operation.type === type && (operation.id ?? 'stdout') === id)
    return found.length === 0 ? undefined : found.map(({ payload = '' }) => payload).join('')
  }
  return {
    name: file.replace(/\.wasm$/, ''),
    language: file.split('/').flatMap((part) => LANGUAGES.get(part) ?? [])[0] ?? 'other',
    wasm,
    args: run.args ?? [],
    env: run.env ?? {},
    stdin: specification.stdin ?? payloads('write', 'stdin') ?? '',
    folders: foldersOf(dirname(base), run),
    exitCode: operations.find(({ type }) => type === 'wait')?.exit_code ?? specification.exit_code ?? 0,
    stdout: specification.stdout ?? payloads('read', 'stdout'),
    stderr: specification.stderr ?? payloads('read', 'stderr'),
    skipped: reasonToSkip(file, wasm, operations),
  }
}

function readSpecification(path: string): Specification {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Specification
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
}

/** `root` is the program's `/`; older suites name `dirs`, each seen under its own name. */
function foldersOf(folder: string, run: Specification): WasiTest['folders'] {
  const root = run.root === undefined ? [] : [{ host: join(folder, run.root), guest: '/' }]
  return [...root, ...(run.dirs ?? []).map((name) => ({ host: join(folder, name), guest: name }))]
}

function reasonToSkip(file: string, wasm: Uint8Array, operations: readonly Operation[]): string | undefined {
  const proposal = /(?:^|\/)proposals\/([^/]+)/.exec(file)?.[1]
  if (proposal !== undefined) return `it is for the proposal ${proposal}`
  const version = new DataView(wasm.buffer, wasm.byteOffset).getUint32(4, true)
  if (version === COMPONENT_VERSION) return 'it is a component, of a later WASI'
  const unknown = operations.find(({ type }) => !SUPPORTED.has(type))
  return unknown === undefined ? undefined : `its operation "${unknown.type}" is for servers`
}
