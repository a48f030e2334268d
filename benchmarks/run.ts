import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

// npm run bench -- <name> [options]: runs benchmarks/<name>/main.ts or packages/*/bench/<name>.bench.ts, which print a
// table, or with --json one {bench, name, value, unit} a line.

const root = fileURLToPath(new URL('..', import.meta.url))
const files = new Map([
  ...globSync('benchmarks/*/main.ts', { cwd: root }).map((file) => [basename(dirname(file)), file] as const),
  ...globSync('packages/*/bench/*.bench.ts', { cwd: root }).map((file) => [basename(file, '.bench.ts'), file] as const),
])
const [name, ...options] = process.argv.slice(2)
const file = name === undefined ? undefined : files.get(name)

if (file === undefined || !existsSync(`${root}/${file}`)) {
  const problem = name === undefined ? 'no benchmark named' : `there is no benchmark "${name}"`
  console.error(`Cannot run: ${problem}. Usage: npm run bench -- <${[...files.keys()].sort().join('|')}> [--json]`)
  process.exit(2)
}
const child = spawn(process.execPath, [`${root}/${file}`, ...options], { stdio: 'inherit' })
child.once('exit', (code) => process.exit(code ?? 1))
