import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// npm run conformance -- engines <node>...: whether fuel, output and traps are the same in other versions of the engine.
// It runs the tests that compare rewritten modules with interpreters of our own, which are the same everywhere, and
// those of the engine's words for traps, with each of the programs named.

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const TESTS = [
  'packages/wasm/test/fuel/*.test.ts',
  'packages/wasm/test/nan/*.test.ts',
  'packages/wasm/test/real-modules.test.ts',
  'packages/runtime/test/trap.test.ts',
  'packages/runtime/test/guest/*.test.ts',
]

/** Runs the tests with one program. @returns what its summary says */
async function run(node: string): Promise<{ readonly passed: number; readonly failed: number }> {
  const files = globSync(TESTS, { cwd: ROOT })
  const child = spawn(node, ['--test', '--test-reporter=tap', ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child, 'spawn')
  let passed = 0
  let failed = 0
  let rest = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      passed += Number(/^# pass (\d+)/.exec(line)?.[1] ?? 0)
      failed += Number(/^# (?:fail|cancelled) (\d+)/.exec(line)?.[1] ?? 0)
      if (/^\s*not ok/.test(line)) console.log(`  ${line.trim()}`)
    }
  }
  return { passed, failed }
}

const programs = process.argv.slice(2)
if (programs.length === 0 || programs.includes('--help')) {
  console.error('Usage: npm run conformance -- engines <path of a node>...')
  process.exit(programs.length === 0 ? 2 : 0)
}
let passed = 0
let failed = 0
for (const node of [process.execPath, ...programs]) {
  const result = await run(node).catch((error: unknown) => {
    console.error(`Cannot run "${node}": ${error instanceof Error ? error.message : error}`)
    return { passed: 0, failed: 1 }
  })
  // a program that runs no test has shown nothing
  if (result.passed === 0) failed++
  console.log(`${node}: ${result.passed} passed, ${result.failed} failed`)
  passed += result.passed
  failed += result.failed
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
