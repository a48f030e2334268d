import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { STATE_FOLDER } from '../defaults.ts'

/** What a running `bls up` leaves in its state folder for other commands to find it. */
export interface UpRecord {
  readonly url: string
  readonly pid: number
  readonly folder: string
}

/** Where the network of a state folder answers, if it left word; its process may be gone. */
export async function readUpRecord(folder: string): Promise<UpRecord | undefined> {
  try {
    const json: unknown = JSON.parse(await readFile(join(folder, 'up.json'), 'utf8'))
    const isRecord = typeof json === 'object' && json !== null && 'url' in json && 'pid' in json
    if (!isRecord || typeof json.url !== 'string' || typeof json.pid !== 'number') return undefined
    return { url: json.url, pid: json.pid, folder: resolve(folder) }
  } catch {
    return undefined // none there, or half written: the same as no word
  }
}

/** Where the state folder of a `bls up` could be: in this folder and in each above it, nearest first. */
export function* stateFolders(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield join(at, STATE_FOLDER)
    if (at === dirname(at)) return
  }
}
