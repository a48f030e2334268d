import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'

const POLL_MS = 100
/** Two processes that find the same dead owner both claim; the last claim within this time wins. */
const CLAIM_SETTLE_MS = 250
const HEARTBEAT_MS = 1000
/** A silent owner on another host, or a process that got a dead owner's id, may hold the lock for this long. */
const SILENCE_MS_MAX = 10 * 60_000

/**
 * @typedef {object} Lock
 * @property {(pid: number | undefined) => void} adopt - a child that must also end before the lock is free
 * @property {() => void} release
 */

/**
 * Takes a lock file, waiting for its owner. Owner and child are recorded by process id, so a lock whose
 * owner was killed is taken over, but not before the npm it left behind has ended.
 *
 * @param {string} path - directory is created
 * @param {(owner: string) => void} onWait - called once, when somebody else holds the lock
 * @returns {Promise<Lock>}
 */
export async function acquireLock(path, onWait) {
  mkdirSync(dirname(path), { recursive: true })
  const claim = `${path}.${process.pid}`
  let told = false
  for (;;) {
    if (tryCreate(path, claim)) return hold(path)
    const owner = readOwner(path)
    if (owner === undefined) continue // released between two looks
    if (isDead(owner, path)) {
      writeFileSync(claim, describeSelf())
      renameSync(claim, path)
      await delay(CLAIM_SETTLE_MS)
      if (readOwner(path)?.pid === process.pid) return hold(path)
    }
    if (!told) {
      told = true
      onWait(`process ${owner.pid}`)
    }
    await delay(POLL_MS)
  }
}

/**
 * Creates the lock with its content in one step: `link` fails when the target exists.
 *
 * @param {string} path
 * @param {string} claim
 */
function tryCreate(path, claim) {
  writeFileSync(claim, describeSelf())
  try {
    linkSync(claim, path)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(claim, { force: true })
  }
}

/**
 * @param {string} path
 * @returns {Lock}
 */
function hold(path) {
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS)
  heartbeat.unref()
  return {
    adopt: (pid) => writeFileSync(path, describeSelf(pid)),
    release: () => {
      clearInterval(heartbeat)
      rmSync(path, { force: true })
    },
  }
}

/** @param {string} path */
function touch(path) {
  try {
    const now = new Date()
    utimesSync(path, now, now)
  } catch {
    // somebody cleaned .cache; the install goes on, only its protection is gone
  }
}

/** @param {number} [child] */
function describeSelf(child) {
  return JSON.stringify({ host: hostname(), pid: process.pid, child })
}

/**
 * @param {string} path
 * @returns {{ host: string, pid: number, child?: number } | undefined}
 */
function readOwner(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    return { host: hostname(), pid: 0 } // torn by a crash: nobody owns it
  }
}

/**
 * @param {{ host: string, pid: number, child?: number }} owner
 * @param {string} path
 */
function isDead(owner, path) {
  const silentMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
  if (silentMs > SILENCE_MS_MAX) return true
  if (owner.host !== hostname()) return false
  return !isAlive(owner.pid) && (owner.child === undefined || !isAlive(owner.child))
}

/** @param {number} pid */
function isAlive(pid) {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}

/** @param {number} ms */
function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
