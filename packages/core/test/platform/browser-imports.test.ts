import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '../..')
const modulesRoot = resolve(root, '../../node_modules')
const CONDITIONS = ['browser', 'import', 'default']
const SPECIFIER =
  /(?:^|[\s;}])(?:import|export)\s+(?!type\b)(?:[^'"();]*?\bfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|\brequire\(\s*['"]([^'"]+)['"]\s*\)/gm

type Target = string | readonly Target[] | { readonly [condition: string]: Target } | null

interface PackageJson {
  readonly exports?: Target
  readonly imports?: Readonly<Record<string, Target>>
  readonly browser?: string | Readonly<Record<string, string | false>>
  readonly module?: string
  readonly main?: string
}

/** What a bundler for browsers takes from an `exports` or `imports` entry: the first condition that holds. */
function pick(target: Target | undefined): string | undefined {
  if (target === undefined || target === null) return undefined
  if (typeof target === 'string') return target
  if (Array.isArray(target)) return target.map(pick).find((found) => found !== undefined)
  for (const [condition, next] of Object.entries(target)) {
    const found = CONDITIONS.includes(condition) ? pick(next) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

const read = (path: string): PackageJson => JSON.parse(readFileSync(path, 'utf8')) as PackageJson

function resolveBare(specifier: string): string {
  const parts = specifier.split('/')
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
  const inside = `.${specifier.slice(name.length)}`
  const directory = join(modulesRoot, name)
  const manifest = read(join(directory, 'package.json'))
  if (manifest.exports === undefined) {
    const browser = typeof manifest.browser === 'string' ? manifest.browser : undefined
    const main = inside === '.' ? (browser ?? manifest.module ?? manifest.main ?? 'index.js') : inside
    return join(directory, main)
  }
  const table = manifest.exports as Readonly<Record<string, Target>>
  const isTable = typeof table === 'object' && Object.keys(table).some((key) => key.startsWith('.'))
  const exact = pick(isTable ? table[inside] : inside === '.' ? manifest.exports : undefined)
  if (exact !== undefined) return join(directory, exact)
  for (const [key, target] of Object.entries(isTable ? table : {})) {
    const [before = '', after = ''] = key.split('*')
    if (key.includes('*') && inside.startsWith(before) && inside.endsWith(after)) {
      const star = inside.slice(before.length, inside.length - after.length)
      return join(directory, pick(target)?.replaceAll('*', star) ?? assert.fail(`${specifier} has no target`))
    }
  }
  assert.fail(`${specifier} is not exported`)
}

/** The file that a package's `browser` table names in place of one of its own; bundlers apply it. */
function replacementOf(file: string, specifier: string): string | undefined {
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file.replaceAll('\\', '/')) ?? []
  if (name === undefined || !specifier.startsWith('.')) return undefined
  const directory = join(modulesRoot, name)
  const { browser } = read(join(directory, 'package.json'))
  if (typeof browser !== 'object') return undefined
  const path = resolve(dirname(file), specifier)
  const entry = Object.entries(browser).find(
    ([from, to]) => typeof to === 'string' && resolve(directory, from) === path,
  )
  return entry === undefined ? undefined : resolve(directory, String(entry[1]))
}

/** Every file that a browser would load for `entry`, and the built-in modules that any of them names. */
function walk(entry: string): { files: Set<string>; builtins: Map<string, string> } {
  const own = read(join(root, 'package.json')).imports ?? {}
  const files = new Set<string>()
  const builtins = new Map<string, string>()
  const queue = [entry]
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue
    files.add(file)
    if (!/\.[cm]?[jt]s$/.test(file)) continue
    const source = readFileSync(file, 'utf8')
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .replaceAll(/(?:^|\s)\/\/.*$/gm, '')
    for (const match of source.matchAll(SPECIFIER)) {
      const specifier = match[1] ?? match[2] ?? match[3] ?? ''
      const replacement = replacementOf(file, specifier)
      if (replacement !== undefined) queue.push(replacement)
      else if (specifier.startsWith('node:') || builtinModules.includes(specifier)) builtins.set(specifier, file)
      else if (specifier.startsWith('#') && file.startsWith(root)) queue.push(join(root, pick(own[specifier]) ?? ''))
      else if (specifier.startsWith('.')) queue.push(resolve(dirname(file), specifier))
      else queue.push(resolveBare(specifier))
    }
  }
  return { files, builtins }
}

test('core loads in a browser: no file that it reaches names a module of Node or the native addon', () => {
  const { files, builtins } = walk(join(root, 'src/index.ts'))
  assert.deepEqual([...builtins], [])
  const names = [...files].map((file) => file.replaceAll('\\', '/'))
  assert.deepEqual(
    names.filter((file) => file.includes('node_modules/secp256k1/') || file.endsWith('-node.ts')),
    [],
  )
  for (const expected of [
    'src/platform/ecdsa-wasm.ts',
    'src/platform/sha256-browser.ts',
    'node_modules/tiny-secp256k1/',
    'node_modules/@ipld/dag-cbor/',
  ]) {
    assert.ok(
      names.some((file) => file.includes(expected)),
      `${expected} is reached, so the walk works`,
    )
  }
})

test('core needs a bundler for one file only: the WebAssembly of libsecp256k1', () => {
  const { files } = walk(join(root, 'src/index.ts'))
  const others = [...files].filter((file) => !/\.[cm]?[jt]s$/.test(file)).map((file) => basename(file))
  assert.deepEqual(others, ['secp256k1.wasm'])
})

test('the walk would see a module of Node', () => {
  assert.ok(walk(join(root, 'src/platform/ecdsa-node.ts')).builtins.has('node:module'))
})
