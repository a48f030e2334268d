// Packages form layers (layers.json). An import goes to a strictly lower layer, through the package's `exports`, and
// only to what package.json lists; so a package can be understood, tested and replaced from below.
import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix, resolve } from 'node:path'
import type { Manifest, Package } from './repository/files.ts'
import { listFiles, listPackages, REPOSITORY_ROOT, readJson } from './repository/files.ts'
import { type Finding, reportFindings } from './repository/finding.ts'
import type { ModuleReference } from './repository/parse.ts'
import { parseSource } from './repository/parse.ts'

const SCOPE = '@blockless/'
/** Directories beside packages/ with a package.json of their own (or the root's), whose imports are checked too. */
const OUTER_DIRECTORIES = ['tests', 'benchmarks', 'tools'] as const

type Layers = Readonly<Record<string, { layer: number; devOnly?: boolean }>>
type Kind = 'src' | 'dev' | 'outer'

/** Where an import stands and what it may reach. */
interface Importer {
  file: string
  kind: Kind
  /** directory that relative imports must not leave */
  home: string
  /** undefined outside of packages/ */
  package: Package | undefined
  manifest: Manifest
}

interface Context {
  root: string
  layers: Layers
  packages: ReadonlyMap<string, Package>
  rootManifest: Manifest
}

/**
 * Every breach of the layers in a repository.
 *
 * @param root - with layers.json, package.json and packages/
 */
export function checkLayers(root: string): { findings: Finding[]; fileCount: number } {
  const packages = listPackages(root)
  const context: Context = {
    root,
    layers: readJson<Layers>(join(root, 'layers.json')),
    packages: new Map(packages.map((each) => [each.name, each])),
    rootManifest: readJson<Manifest>(join(root, 'package.json')),
  }
  const findings = [...checkNames(context), ...packages.flatMap((each) => checkManifest(each, context))]
  const importers = [...packages.flatMap((each) => importersOf(each, root)), ...outerImporters(context)]
  for (const importer of importers) {
    const { references } = parseSource(importer.file, readFileSync(join(root, importer.file), 'utf8'))
    for (const reference of references) {
      const broken = checkReference(reference, importer, context)
      if (broken === undefined) continue
      const [rule, message] = broken
      findings.push({ file: importer.file, line: reference.line, rule, message, severity: 'error' })
    }
  }
  return { findings, fileCount: importers.length }
}

function importersOf(owner: Package, root: string): Importer[] {
  const kinds = { src: 'src', test: 'dev', bench: 'dev' } as const
  return Object.entries(kinds).flatMap(([directory, kind]) =>
    sourcesIn(root, `${owner.directory}/${directory}`).map((file) => ({
      file,
      kind,
      home: kind === 'src' ? `${owner.directory}/src` : owner.directory,
      package: owner,
      manifest: owner.manifest,
    })),
  )
}

function outerImporters({ root, rootManifest }: Context): Importer[] {
  return OUTER_DIRECTORIES.flatMap((directory) => {
    const path = join(root, directory, 'package.json')
    const manifest = existsSync(path) ? readJson<Manifest>(path) : rootManifest
    return sourcesIn(root, directory).map((file) => ({
      file,
      kind: 'outer' as const,
      home: directory,
      package: undefined,
      manifest,
    }))
  })
}

function sourcesIn(root: string, directory: string): string[] {
  return listFiles(root, directory).filter((file) => /\.m?[tj]s$/.test(file) && !file.includes('/fixtures/'))
}

function checkNames({ layers, packages }: Context): Finding[] {
  const finding = (file: string, message: string): Finding => ({ file, rule: 'layer', message, severity: 'error' })
  const unlisted = [...packages.values()]
    .filter(({ name }) => layers[name] === undefined)
    .map(({ name, directory }) => finding(`${directory}/package.json`, `"${name}" has no layer in layers.json`))
  const gone = Object.keys(layers)
    .filter((name) => !packages.has(name))
    .map((name) => finding('layers.json', `"${name}" is not a package; remove it`))
  return [...unlisted, ...gone]
}

function checkManifest(owner: Package, { layers }: Context): Finding[] {
  const { dependencies, devDependencies } = owner.manifest
  const names = (list: Record<string, string> | undefined): string[] =>
    Object.keys(list ?? {}).filter((name) => name.startsWith(SCOPE))
  const broken = [
    ...names(dependencies).map((name) => checkLayer(name.slice(SCOPE.length), owner, 'src', layers)),
    ...names(devDependencies).map((name) => checkLayer(name.slice(SCOPE.length), owner, 'dev', layers)),
  ]
  return broken
    .filter((message) => message !== undefined)
    .map((message) => ({ file: `${owner.directory}/package.json`, rule: 'layer', message, severity: 'error' }))
}

type Breach = [rule: string, message: string] | undefined

function checkReference(reference: ModuleReference, importer: Importer, context: Context): Breach {
  const { specifier } = reference
  if (specifier.startsWith('.')) return checkRelative(specifier, importer, context.root)
  if (specifier.startsWith('/') || specifier.startsWith('file:')) {
    return ['relative', `"${specifier}" is absolute; use a relative import or a package`]
  }
  if (specifier.startsWith('node:')) return undefined
  if (specifier.startsWith('#')) {
    const isKnown = importer.manifest.imports?.[specifier] !== undefined
    return isKnown ? undefined : ['declared', `"${specifier}" is not in "imports" of package.json`]
  }
  if (isBuiltin(specifier)) return ['node-prefix', `write "node:${specifier}"`]
  return specifier.startsWith(SCOPE)
    ? checkInternal(specifier, importer, context)
    : checkDeclared(packageNameOf(specifier), importer, context)
}

function checkRelative(specifier: string, importer: Importer, root: string): Breach {
  const target = posix.normalize(posix.join(posix.dirname(importer.file), specifier))
  if (!target.startsWith(`${importer.home}/`)) {
    return ['relative', `"${specifier}" leaves ${importer.home}; import what a package exports`]
  }
  const isScript = /\.[cm]?[tj]s$/.test(target)
  if (target.endsWith('.ts') || (posix.extname(target) !== '' && !isScript)) return undefined
  // a script that is JavaScript on disk is named as it is
  if (isScript && existsSync(join(root, target))) return undefined
  return ['suffix', `"${specifier}" must end in .ts`]
}

function checkInternal(specifier: string, importer: Importer, context: Context): Breach {
  const [name = '', ...rest] = specifier.slice(SCOPE.length).split('/')
  const target = context.packages.get(name)
  if (target === undefined) return ['declared', `"${specifier}" is not a package of this repository`]
  if (importer.kind === 'src' && name === importer.package?.name) {
    return ['relative', `"${specifier}" is this package; use a relative import`]
  }
  const subpath = rest.length === 0 ? '.' : `./${rest.join('/')}`
  if (!isExported(subpath, target.manifest)) {
    return ['exports', `"${subpath}" is not in "exports" of ${target.directory}/package.json`]
  }
  if (importer.package === undefined) return checkDeclared(SCOPE + name, importer, context)
  if (name === importer.package.name) return undefined
  const breach = checkLayer(name, importer.package, importer.kind, context.layers)
  return breach === undefined ? checkDeclared(SCOPE + name, importer, context) : ['layer', breach]
}

/** @returns why `owner` may not import `target`, or undefined if it may */
function checkLayer(target: string, owner: Package, kind: Kind, layers: Layers): string | undefined {
  const from = layers[owner.name]
  const to = layers[target]
  if (from === undefined || to === undefined) return undefined // reported once, by checkNames
  if (to.devOnly === true) {
    const isAllowed = kind !== 'src' || from.devOnly === true
    return isAllowed ? undefined : `"${target}" is for tests and benches only`
  }
  if (to.layer < from.layer) return undefined
  return `"${owner.name}" (layer ${from.layer}) may not import "${target}" (layer ${to.layer}); move what both need down`
}

function checkDeclared(name: string, { kind, manifest }: Importer, { rootManifest }: Context): Breach {
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = manifest
  const inSource = [dependencies, peerDependencies, optionalDependencies]
  const elsewhere = [...inSource, devDependencies, rootManifest.devDependencies]
  const lists = kind === 'src' ? inSource : elsewhere
  if (lists.some((list) => list !== undefined && Object.hasOwn(list, name))) return undefined
  const where = kind === 'src' ? '"dependencies"' : '"dependencies" or "devDependencies"'
  return ['declared', `"${name}" is not in ${where} of package.json`]
}

function packageNameOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
}

function isExported(subpath: string, { exports }: Manifest): boolean {
  if (exports === undefined) return false
  if (typeof exports === 'string') return subpath === '.'
  return Object.keys(exports).some((key) => {
    const [head = '', tail] = key.split('*')
    return tail === undefined ? key === subpath : subpath.startsWith(head) && subpath.endsWith(tail)
  })
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  const { findings, fileCount } = checkLayers(REPOSITORY_ROOT)
  reportFindings(findings, `${fileCount} files`)
}
