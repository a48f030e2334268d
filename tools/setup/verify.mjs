import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Native code of a dependency of `owner`: `entry` must load; if it does not, `fallback` must, and `cost` says what that means. */
const ADDONS = [
  {
    owner: 'packages/core',
    entry: 'secp256k1/bindings.js',
    fallback: 'tiny-secp256k1',
    cost: 'signatures are made in WebAssembly, about 5 times slower',
  },
]

/**
 * Loads each native addon with the project's Node.
 *
 * @param {string} root
 * @param {string} nodePath
 * @param {typeof ADDONS} [addons]
 * @returns {{ ok: boolean, notes: string[] }} notes for the user, none when every addon loads
 */
export function checkAddons(root, nodePath, addons = ADDONS) {
  /** @type {string[]} */
  const notes = []
  let ok = true
  for (const { owner, entry, fallback, cost } of addons) {
    const directory = join(root, owner)
    if (!dependsOn(directory, entry)) continue
    const failure = load(nodePath, directory, entry)
    if (failure === undefined) continue
    const fallbackFailure = load(nodePath, directory, fallback)
    const platform = `${process.platform}-${process.arch}`
    if (fallbackFailure === undefined) {
      notes.push(`${entry} does not load on ${platform} (${failure}); ${cost}`)
      continue
    }
    ok = false
    notes.push(`neither ${entry} (${failure}) nor ${fallback} (${fallbackFailure}) loads on ${platform}`)
    notes.push('to fix it: delete node_modules and run this again; if it stays, report the two reasons above')
  }
  return { ok, notes }
}

/**
 * @param {string} directory
 * @param {string} entry - a file of the package that may be a dependency
 */
function dependsOn(directory, entry) {
  const path = join(directory, 'package.json')
  if (!existsSync(path)) return false
  const { dependencies } = JSON.parse(readFileSync(path, 'utf8'))
  return Object.keys(dependencies ?? {}).some((name) => entry.startsWith(`${name}/`))
}

/**
 * @param {string} nodePath
 * @param {string} directory - of the package that depends on the addon
 * @param {string} specifier
 * @returns {string | undefined} why it does not load
 */
function load(nodePath, directory, specifier) {
  const script = `
    const { createRequire } = require('node:module')
    const { pathToFileURL } = require('node:url')
    const path = createRequire(process.argv[1]).resolve(process.argv[2])
    import(pathToFileURL(path)).catch((error) => { console.error(error.message); process.exitCode = 1 })`
  const { status, stderr, error } = spawnSync(nodePath, ['-e', script, join(directory, 'package.json'), specifier], {
    encoding: 'utf8',
  })
  if (status === 0) return undefined
  const lines = (stderr || error?.message || 'it crashed').trim().split('\n')
  return lines.find((line) => line.startsWith('Error: '))?.slice('Error: '.length) ?? lines[0]
}
