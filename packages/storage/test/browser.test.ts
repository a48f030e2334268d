import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'

const PACKAGE = join(import.meta.dirname, '..')

test('what browsers load of this package imports nothing of Node', () => {
  const { imports } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))
  const pending = [join(PACKAGE, 'src', 'index.ts')]
  const seen = new Set<string>()
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    // Type imports are gone before anything loads.
    const source = readFileSync(path, 'utf8').replaceAll(/^(?:import|export) type .*$/gm, '')
    for (const [, specifier = ''] of source.matchAll(/^(?:import|export|\}).* from '([^']+)'/gm)) {
      assert.ok(!specifier.startsWith('node:'), `${path} imports ${specifier}`)
      if (specifier.startsWith('.')) pending.push(join(dirname(path), specifier))
      if (specifier.startsWith('#')) pending.push(join(PACKAGE, imports[specifier].default))
    }
  }
  assert.ok(seen.size > 25)
})
