import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { LayerItem } from '@blockless/runtime'

/** Everything below a folder, with paths relative to it. */
export function loadFolder(folder: string): LayerItem[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.map((entry): LayerItem => {
    const full = join(entry.parentPath, entry.name)
    const path = relative(folder, full)
    if (entry.isDirectory()) return { path }
    return entry.isSymbolicLink() ? { path, target: readlinkSync(full) } : { path, bytes: readFileSync(full) }
  })
}
