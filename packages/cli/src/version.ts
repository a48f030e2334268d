import { readFileSync } from 'node:fs'

/** Version of this program, as its package.json says. */
export function readVersion(): string {
  const json: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof json === 'object' && json !== null && 'version' in json ? String(json.version) : 'unknown'
}
