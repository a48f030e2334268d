import { spawn } from 'node:child_process'
import { basename } from 'node:path'

const TAIL_LINES = 25

/** What npm printed → what is wrong and what to do; first match wins. */
const FAILURES = [
  {
    pattern: /package\.json and package-lock\.json.* are in sync|can only install (packages )?with an existing/i,
    cause: 'package-lock.json does not match the package.json files',
    fix: 'run "npm install" and commit package-lock.json',
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|network/i,
    cause: 'the package registry cannot be reached',
    fix: 'check the connection and "npm config get registry" and "npm config get proxy", then run this again',
  },
  { pattern: /ENOSPC/, cause: 'the disk is full', fix: 'free about 1 GB and run this again' },
  {
    pattern: /EINTEGRITY/,
    cause: 'a downloaded package is not the one that the lockfile names',
    fix: 'run "npm cache clean --force"; if it stays, do not trust the registry in use',
  },
  {
    pattern: /E401|E403|ETARGET|E404/,
    cause: 'the registry does not serve a package that the lockfile names',
    fix: 'check "npm config get registry"; the public registry has all of them',
  },
  {
    pattern: /EACCES|EPERM|EBUSY/,
    cause: 'a file in node_modules cannot be replaced',
    fix: 'stop programs that run from node_modules, check the owner of the directory, then run this again',
  },
]

/**
 * Runs `npm ci` to its end.
 *
 * @param {string} root
 * @param {string} nodePath - a Node that npm will not delete
 * @param {(pid: number | undefined) => void} onSpawn
 * @returns {Promise<{ ok: true } | { ok: false, tail: string, cause: string, fix: string }>}
 */
export async function runNpmCi(root, nodePath, onSpawn) {
  const options = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const { output, code } = await run(root, npmCommand(nodePath), options, onSpawn)
  if (code === 0) return { ok: true }
  return { ok: false, tail: tailOf(output), ...explainFailure(output) }
}

/**
 * The last lines, without the manual page that npm adds to a wrong lockfile.
 *
 * @param {string} output - all that npm printed
 */
export function tailOf(output) {
  const [said = ''] = output.split(/\nnpm error Clean install a project/)
  return said.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
}

/**
 * @param {string} output - all that npm printed
 * @returns {{ cause: string, fix: string }}
 */
export function explainFailure(output) {
  const known = FAILURES.find(({ pattern }) => pattern.test(output))
  if (known !== undefined) return { cause: known.cause, fix: known.fix }
  return { cause: 'npm gave no reason that setup knows', fix: 'read npm\'s lines above, or run "npm ci" by hand' }
}

/**
 * The npm that runs this script, on a Node that stays; otherwise the one on PATH.
 *
 * @param {string} nodePath
 * @returns {{ file: string, args: string[], shell: boolean }}
 */
function npmCommand(nodePath) {
  const script = process.env.npm_execpath
  const isNpm = script !== undefined && /^npm(-cli)?\.[cm]?js$/.test(basename(script))
  if (isNpm) return { file: nodePath, args: [script], shell: false }
  // npm is a .cmd on Windows, which only a shell starts; every argument is a constant of this file
  return { file: 'npm', args: [], shell: process.platform === 'win32' }
}

/**
 * @param {string} root
 * @param {{ file: string, args: string[], shell: boolean }} command
 * @param {string[]} options
 * @param {(pid: number | undefined) => void} onSpawn
 * @returns {Promise<{ output: string, code: number }>}
 */
function run(root, command, options, onSpawn) {
  return new Promise((resolve) => {
    const child = spawn(command.file, [...command.args, ...options], {
      cwd: root,
      env: environment(),
      shell: command.shell,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    onSpawn(child.pid)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (/** @type {Buffer} */ chunk) => {
        output += chunk
      })
    }
    child.on('error', (error) => resolve({ output: `${output}\n${error.message}`, code: 1 }))
    child.on('close', (code) => resolve({ output, code: code ?? 1 }))
  })
}

/** The caller's environment without what would narrow the install to one workspace or to production. */
function environment() {
  const env = { ...process.env }
  for (const name of Object.keys(env)) {
    if (/^npm_config_(workspace|workspaces|omit|only|production|include|ignore_scripts)$/i.test(name)) delete env[name]
  }
  return env
}
