// Makes node_modules what the lockfile says, whenever it is not. npm scripts call it before they start, so it
// needs no dependency, runs on the Node that a newcomer has, and is silent and quick when there is nothing to do.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { acquireLock } from './setup/lock.mjs'
import { projectNode, safeNode } from './setup/node-binary.mjs'
import { runNpmCi } from './setup/npm.mjs'
import { installHash, readStamp, reasonToInstall, writeStamp } from './setup/stamp.mjs'
import { checkAddons } from './setup/verify.mjs'

const NODE_MAJOR_MIN = 20

/**
 * @param {string} root - of the repository
 * @returns {Promise<number>} exit code
 */
async function main(root) {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    say(`Node ${process.versions.node} is too old; install Node ${NODE_MAJOR_MIN} or newer from https://nodejs.org`)
    return 1
  }
  if (isReady(root)) return 0
  const lock = await acquireLock(join(root, '.cache', 'setup.lock'), (owner) => {
    say(`waiting for the setup that ${owner} runs`)
  })
  try {
    return isReady(root) ? 0 : await setUp(root, lock)
  } finally {
    lock.release()
  }
}

/** @param {string} root */
function isReady(root) {
  const hash = installHash(root)
  return readStamp(root) === hash && reasonToInstall(root, hash) === undefined
}

/**
 * @param {string} root
 * @param {import('./setup/lock.mjs').Lock} lock
 */
async function setUp(root, lock) {
  const hash = installHash(root)
  const reason = reasonToInstall(root, hash)
  if (reason !== undefined && !(await install(root, reason, lock))) return 1
  const node = projectNode(root)
  if ('problem' in node) {
    say(node.problem)
    return 1
  }
  const addons = checkAddons(root, node.path)
  for (const note of addons.notes) say(note)
  if (!addons.ok) return 1
  writeStamp(root, hash)
  return 0
}

/**
 * @param {string} root
 * @param {string} reason
 * @param {import('./setup/lock.mjs').Lock} lock
 * @returns {Promise<boolean>} whether node_modules is installed
 */
async function install(root, reason, lock) {
  say(`${reason}; installing dependencies with "npm ci" (30 s with a warm cache, 2 minutes without)`)
  const startedMs = Date.now()
  const node = safeNode(root)
  try {
    const result = await runNpmCi(root, node.path, lock.adopt)
    if (!result.ok) {
      console.error(result.tail)
      say(`npm ci failed: ${result.cause}`)
      say(`to fix it: ${result.fix}`)
      return false
    }
  } finally {
    node.restore()
  }
  say(`done in ${Math.round((Date.now() - startedMs) / 1000)} s`)
  return true
}

/** @param {string} text */
function say(text) {
  console.error(`setup: ${text}`)
}

process.exitCode = await main(dirname(dirname(fileURLToPath(import.meta.url))))
