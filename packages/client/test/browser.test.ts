import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

/** Modules that `file` loads at once; `import()` waits until its code runs. */
function importsOf(file: URL): string[] {
  const source = readFileSync(file, 'utf8')
  return [...source.matchAll(/^(?:import|export)\b(?!\s+type\b)[^'"]*?from '([^']+)'/gm)].map(([, name]) => name ?? '')
}

test('the library loads nothing that a browser lacks', () => {
  const pending = [new URL('../src/index.ts', import.meta.url)]
  const outside = new Set<string>()
  const visited = new Set<string>()
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (visited.has(file.href)) continue
    visited.add(file.href)
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) pending.push(new URL(name, file))
      else outside.add(name)
    }
  }
  assert.ok(visited.size > 8)
  // Core and consensus are browser-safe; storage is not, and comes only with the first deployment.
  assert.deepEqual([...outside].sort(), ['@blockless/consensus', '@blockless/core'])
})
