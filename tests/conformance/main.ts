import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

// npm run conformance -- <name> <folder> [options]: runs tests/conformance/<name>/main.ts, a public suite that the
// folder has a copy of. Each prints its own usage with --help and ends with "N passed, N failed".

const files = new Map(
  globSync('*/main.ts', { cwd: import.meta.dirname }).map((file) => [basename(dirname(file)), file] as const),
)
const [name, ...options] = process.argv.slice(2)
const file = name === undefined ? undefined : files.get(name)

if (file === undefined) {
  const problem = name === undefined ? 'no suite named' : `there is no suite "${name}"`
  console.error(
    `Cannot run: ${problem}. Usage: npm run conformance -- <${[...files.keys()].sort().join('|')}> <folder>`,
  )
  process.exit(2)
}
const child = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, file), ...options], {
  stdio: 'inherit',
})
child.once('exit', (code) => process.exit(code ?? 1))
