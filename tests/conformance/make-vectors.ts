// Prints the golden vectors, or writes them: `node tests/conformance/make-vectors.ts --write`. They change only with
// the protocol's version: a difference in an existing vector breaks every other implementation.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeVectors } from './vectors.ts'

for (const [name, vectors] of Object.entries(makeVectors())) {
  const text = `${JSON.stringify(vectors, undefined, 2)}\n`
  if (process.argv.includes('--write')) writeFileSync(join(import.meta.dirname, 'vectors', name), text)
  else console.log(`${name}\n${text}`)
}
