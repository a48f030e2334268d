// TypeScript checks what the root tsconfig.json references and is silent about the rest. This makes sure that every
// directory with TypeScript is a project and that the root references it. `--write` repairs the root.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { listFiles, listPackages, REPOSITORY_ROOT } from './repository/files.ts'
import { type Finding, reportFindings } from './repository/finding.ts'

const OUTER_PROJECTS = ['tests', 'benchmarks', 'tools'] as const

/** What the root should reference, and directories with TypeScript but without a tsconfig.json. */
export interface Projects {
  references: string[]
  missing: string[]
}

/**
 * Finds the projects of a repository; a directory without TypeScript needs none.
 *
 * @param root - absolute
 */
export function findProjects(root: string): Projects {
  const packages = listPackages(root).flatMap(({ directory }) => [
    { directory, sources: `${directory}/src` },
    { directory: `${directory}/test`, sources: `${directory}/test` },
    { directory: `${directory}/bench`, sources: `${directory}/bench` },
  ])
  const outer = OUTER_PROJECTS.map((directory) => ({ directory, sources: directory }))
  const projects: Projects = { references: [], missing: [] }
  for (const { directory, sources } of [...packages, ...outer]) {
    if (existsSync(join(root, directory, 'tsconfig.json'))) projects.references.push(directory)
    else if (hasTypeScript(root, sources)) projects.missing.push(directory)
  }
  return projects
}

/** Every project that the types check would miss. */
export function checkProjects(root: string): Finding[] {
  const { references, missing } = findProjects(root)
  const listed = readReferences(root)
  const finding = (file: string, message: string): Finding => ({ file, rule: 'projects', message, severity: 'error' })
  return [
    ...missing.map((directory) =>
      finding(directory, 'has TypeScript but no tsconfig.json, so nobody checks its types'),
    ),
    ...references
      .filter((path) => !listed.includes(path))
      .map((path) =>
        finding('tsconfig.json', `does not reference "${path}"; run node tools/check-projects.ts --write`),
      ),
    ...listed
      .filter((path) => !references.includes(path))
      .map((path) => finding('tsconfig.json', `references "${path}", which has no tsconfig.json`)),
  ]
}

/** Writes the root tsconfig.json anew. */
export function writeReferences(root: string): void {
  const lines = findProjects(root).references.map((path) => `    { "path": "${path}" }`)
  writeFileSync(join(root, 'tsconfig.json'), `{\n  "files": [],\n  "references": [\n${lines.join(',\n')}\n  ]\n}\n`)
}

function readReferences(root: string): string[] {
  const config: unknown = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'))
  const { references } = config as { references?: { path: string }[] }
  return (references ?? []).map(({ path }) => path)
}

function hasTypeScript(root: string, directory: string): boolean {
  return listFiles(root, directory).some((file) => file.endsWith('.ts') && !file.includes('/fixtures/'))
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  if (process.argv.includes('--write')) writeReferences(REPOSITORY_ROOT)
  reportFindings(checkProjects(REPOSITORY_ROOT), `${findProjects(REPOSITORY_ROOT).references.length} projects`)
}
