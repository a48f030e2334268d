import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Written by tools, not by people; the same names as in .gitignore, and what other languages call theirs. */
const GENERATED_DIRECTORIES: ReadonlySet<string> = new Set([
  'node_modules',
  '.git',
  '.cache',
  '.bls',
  'build',
  'coverage',
  'dist',
  'target',
])

/** Root of the repository that these tools belong to. */
export const REPOSITORY_ROOT: string = join(import.meta.dirname, '..', '..')

/**
 * Files that people write.
 *
 * @param root - absolute
 * @param directory - where to start, relative to `root`; missing is the same as empty
 * @returns sorted, relative to `root`, with forward slashes
 */
export function listFiles(root: string, directory = ''): string[] {
  if (!existsSync(join(root, directory))) return []
  const files: string[] = []
  for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`
    if (entry.isFile()) files.push(path)
    if (entry.isDirectory() && !GENERATED_DIRECTORIES.has(entry.name)) files.push(...listFiles(root, path))
  }
  return files.sort()
}

/** What the checks read of a package.json. */
export interface Manifest {
  name?: string
  exports?: string | Record<string, unknown>
  imports?: Record<string, unknown>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

/** A directory of packages/ with a package.json. */
export interface Package {
  /** name of the directory, which is the name in layers.json */
  name: string
  /** relative to the root, e.g. `packages/core` */
  directory: string
  manifest: Manifest
  hasSource: boolean
}

/** Packages of the repository, sorted by name. */
export function listPackages(root: string): Package[] {
  const parent = join(root, 'packages')
  if (!existsSync(parent)) return []
  return readdirSync(parent)
    .filter((name) => existsSync(join(parent, name, 'package.json')))
    .sort()
    .map((name) => ({
      name,
      directory: `packages/${name}`,
      manifest: readJson<Manifest>(join(parent, name, 'package.json')),
      hasSource: listFiles(root, `packages/${name}/src`).some((file) => file.endsWith('.ts')),
    }))
}

/** Parses a JSON file of this repository; its shape is trusted, for people and npm write it. */
export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T
}
