import { isJsonObject, parseJson } from '../shared/json-text.ts'
import { belowRoot, isContentPath, normalizePath } from './ipfs-path.ts'

/** Which paths a command takes and which options reach the node; what is not named here is dropped, as Kubo does. */
interface CommandShape {
  readonly pathsMin: number
  readonly pathsMax: number
  readonly options: readonly string[]
  /** Whether its first path may be `/ipfs/<cid>`. */
  readonly readsContent: boolean
}

// Source: Kubo RPC API v0, commands under `files`, with their short names. `timeout`, `encoding` and `flush` are the
// node's business.
const SHAPES: ReadonlyMap<string, CommandShape> = new Map([
  ['files/ls', { pathsMin: 0, pathsMax: 1, options: ['long', 'l', 'U'], readsContent: false }],
  ['files/mkdir', { pathsMin: 1, pathsMax: 1, options: ['parents', 'p'], readsContent: false }],
  ['files/rm', { pathsMin: 1, pathsMax: 16, options: ['recursive', 'r', 'force'], readsContent: false }],
  ['files/cp', { pathsMin: 2, pathsMax: 2, options: ['parents', 'p'], readsContent: true }],
  ['files/stat', { pathsMin: 1, pathsMax: 1, options: ['format', 'hash', 'size', 'with-local'], readsContent: true }],
  ['files/read', { pathsMin: 1, pathsMax: 1, options: ['offset', 'o', 'count', 'n'], readsContent: false }],
  [
    'files/write',
    {
      pathsMin: 1,
      pathsMax: 1,
      options: ['offset', 'o', 'create', 'e', 'parents', 'p', 'truncate', 't', 'count', 'n', 'raw-leaves'],
      readsContent: false,
    },
  ],
])
/** Arguments of one command: all options of the longest, and more. */
const ARGUMENTS_MAX = 32
const OPTION_LENGTH_MAX = 256

/** A command as it goes to the node. */
export interface IpfsCommand {
  /** Such as `files/read`. */
  readonly api: string
  /** Paths below the function's root, then options. */
  readonly query: URLSearchParams
  /** Whether it would remove what the guest sees as `/`. */
  readonly removesRoot: boolean
}

/** Why an options text is no command: `encoding`: no JSON object; `method`: not served; `parameter`: wrong arguments. */
export type CommandProblem = 'encoding' | 'method' | 'parameter'

/**
 * Reads `{"api": "files/…", "args": [{"name": "arg", "value": "/path"}, …]}`.
 *
 * @param root - folder that is `/` for the guest, normalized
 */
export function parseIpfsCommand(text: string, root: string): IpfsCommand | CommandProblem {
  const options = parseJson(text)
  if (!isJsonObject(options)) return 'encoding'
  const { api } = options
  if (typeof api !== 'string') return 'parameter'
  const shape = SHAPES.get(api)
  if (shape === undefined) return 'method'
  const pairs = pairsOf(options.args)
  if (pairs === undefined) return 'parameter'
  const paths = pathsOf(pairs, shape)
  if (paths === undefined) return 'parameter'
  const query = new URLSearchParams()
  for (const [index, path] of paths.entries()) {
    const isContent = shape.readsContent && index === 0 && isContentPath(path)
    const below = isContent ? path : belowRoot(root, path)
    query.append('arg', api === 'files/cp' && index === 1 && isFolder(pairs) ? `${below.replace(/\/$/, '')}/` : below)
  }
  for (const [name, value] of pairs) {
    if (!shape.options.includes(name)) continue
    if (value.length > OPTION_LENGTH_MAX) return 'parameter'
    query.append(name, value)
  }
  return { api, query, removesRoot: api === 'files/rm' && paths.includes('/') }
}

/** Arguments by name; numbers and flags may be JSON's own. */
function pairsOf(args: unknown): readonly (readonly [string, string])[] | undefined {
  if (args === undefined || args === null) return []
  if (!Array.isArray(args) || args.length > ARGUMENTS_MAX) return undefined
  const pairs: [string, string][] = []
  for (const each of args) {
    if (!isJsonObject(each) || typeof each.name !== 'string') return undefined
    const { value } = each
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
    pairs.push([each.name, String(value)])
  }
  return pairs
}

/** `files/ls` of the existing SDK names its path `args`, which Kubo drops and lists the root instead. */
const PATH_NAMES: readonly string[] = ['arg', 'args']

/** Whether a copy goes into a folder, under the name that it had: Kubo tells by the slash at the end. */
function isFolder(pairs: readonly (readonly [string, string])[]): boolean {
  return pairs.filter(([name]) => PATH_NAMES.includes(name))[1]?.[1].endsWith('/') === true
}

function pathsOf(pairs: readonly (readonly [string, string])[], shape: CommandShape): readonly string[] | undefined {
  const given = pairs.filter(([name]) => PATH_NAMES.includes(name)).map(([, value]) => normalizePath(value))
  const paths = given.filter((path) => path !== undefined)
  if (paths.length !== given.length || paths.length < shape.pathsMin || paths.length > shape.pathsMax) return undefined
  // Kubo's default is its root, which is not the guest's
  return paths.length === 0 ? ['/'] : paths
}
