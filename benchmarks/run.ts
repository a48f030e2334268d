import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// npm run bench -- <name> [options]: runs benchmarks/<name>/main.ts, which prints a table, or with --json one
// {bench, name, value, unit} a line.

const here = new URL('.', import.meta.url)
const names = readdirSync(here).filter((name) => existsSync(new URL(`${name}/main.ts`, here)))
const [name, ...options] = process.argv.slice(2)

if (name === undefined || !names.includes(name)) {
  const problem = name === undefined ? 'no benchmark named' : `there is no benchmark "${name}"`
  console.error(`Cannot run: ${problem}. Usage: npm run bench -- <${names.join('|')}> [--json]`)
  process.exit(2)
}
const child = spawn(process.execPath, [fileURLToPath(new URL(`${name}/main.ts`, here)), ...options], {
  stdio: 'inherit',
})
child.once('exit', (code) => process.exit(code ?? 1))
