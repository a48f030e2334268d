import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Fields of a package.json that decide what npm installs; scripts, exports and descriptions do not. */
const INSTALL_FIELDS = [
  'name',
  'version',
  'workspaces',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'overrides',
  'bin',
  'os',
  'cpu',
  'allowScripts',
]

/**
 * Directories of the workspaces that the root package.json names; understands `dir` and `dir/*`.
 *
 * @param {string} root
 * @returns {string[]} sorted, relative to `root`, with forward slashes
 */
export function workspaceDirectories(root) {
  /** @type {string[]} */
  const patterns = readJson(join(root, 'package.json')).workspaces ?? []
  return patterns
    .flatMap((pattern) => {
      if (!pattern.endsWith('/*')) return [pattern]
      const parent = pattern.slice(0, -2)
      if (!existsSync(join(root, parent))) return []
      return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`)
    })
    .filter((directory) => existsSync(join(root, directory, 'package.json')))
    .sort()
}

/**
 * Hash of everything that decides what `npm ci` would install on this platform.
 *
 * @param {string} root
 * @returns {string} SHA-256 in hex
 */
export function installHash(root) {
  const hash = createHash('sha256')
  hash.update(`${process.platform}-${process.arch}\n`)
  for (const file of ['package-lock.json', '.npmrc']) {
    hash.update(`${file}\n`)
    if (existsSync(join(root, file))) hash.update(readFileSync(join(root, file)))
  }
  for (const directory of ['.', ...workspaceDirectories(root)]) {
    const manifest = readJson(join(root, directory, 'package.json'))
    const relevant = INSTALL_FIELDS.map((field) => [field, manifest[field]])
    hash.update(`\n${directory}\n${JSON.stringify(relevant)}`)
  }
  return hash.digest('hex')
}

/**
 * Why an install is needed, or undefined when node_modules is what the lockfile asks for.
 * A tree that someone installed by hand (`npm install`) is accepted when it equals the lockfile, so that
 * a good node_modules is never deleted under processes that use it.
 *
 * @param {string} root
 * @param {string} hash - of {@link installHash}
 * @returns {string | undefined} e.g. 'the lockfile or a package.json changed'
 */
export function reasonToInstall(root, hash) {
  const modules = join(root, 'node_modules')
  if (!existsSync(modules)) return 'node_modules is missing'
  // npm writes this file last, so a tree without it is half an install
  const installedPath = join(modules, '.package-lock.json')
  if (!existsSync(installedPath)) return 'node_modules is incomplete'
  const stamp = readStamp(root)
  const installed = readJson(installedPath).packages ?? {}
  const missing = Object.keys(installed).find((path) => isReal(installed[path]) && !existsSync(join(root, path)))
  if (missing !== undefined) return `${missing} is missing`
  if (stamp === hash) return undefined
  return equalsLockfile(root, installed) ? undefined : 'the lockfile or a package.json changed'
}

/**
 * Records that node_modules matches `hash` and was verified.
 *
 * @param {string} root
 * @param {string} hash
 */
export function writeStamp(root, hash) {
  writeFileSync(stampPath(root), `${hash}\n`)
}

/**
 * @param {string} root
 * @returns {string | undefined} hash of the last successful setup
 */
export function readStamp(root) {
  try {
    return readFileSync(stampPath(root), 'utf8').trim()
  } catch {
    return undefined
  }
}

/**
 * Whether the tree npm says it installed is the lockfile's, and the lockfile's dependency lists are the manifests'.
 *
 * @param {string} root
 * @param {Record<string, any>} installed - packages of node_modules/.package-lock.json
 */
function equalsLockfile(root, installed) {
  const lockPath = join(root, 'package-lock.json')
  if (!existsSync(lockPath)) return false
  const locked = readJson(lockPath).packages ?? {}
  for (const directory of ['', ...workspaceDirectories(root)]) {
    const manifest = readJson(join(root, directory, 'package.json'))
    for (const field of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']) {
      if (canonical(manifest[field]) !== canonical(locked[directory]?.[field])) return false
    }
  }
  // npm rewrites the tree's copy after the lockfile; an older copy belongs to an older lockfile
  const paths = Object.keys(locked).filter((path) => path !== '')
  return paths.every((path) => {
    const wanted = locked[path]
    const found = installed[path]
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true || wanted.peer === true
    return found.version === wanted.version && found.integrity === wanted.integrity && found.link === wanted.link
  })
}

/**
 * npm lists the target of a `file:` override at a path where nothing is; only its link is real.
 *
 * @param {{ version?: string, link?: boolean }} entry
 */
function isReal(entry) {
  return entry.version !== undefined || entry.link === true
}

/** @param {Record<string, string> | undefined} dependencies */
function canonical(dependencies) {
  return JSON.stringify(Object.entries(dependencies ?? {}).sort())
}

/** @param {string} root */
function stampPath(root) {
  return join(root, 'node_modules', '.setup-stamp')
}

/**
 * @param {string} path
 * @returns {any} checked field by field where it is used
 */
function readJson(path) {
  const text = readFileSync(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    throw new Error(
      `Cannot read ${path}: not valid JSON (${detail})${statSync(path).size === 0 ? ', it is empty' : ''}`,
    )
  }
}
