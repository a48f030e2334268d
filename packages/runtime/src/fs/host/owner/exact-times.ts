import type { BigIntStats } from 'node:fs'
import { FILE_TYPE, type FileStat, type FileTimes, type FileType } from '../../file-system.ts'

const NANOSECONDS_PER_SECOND = 1_000_000_000n
/** What libuv takes for "leave this time as it is" is not a number, and a date is the only way to say that to Node. */
const LEAVE = new Date(Number.NaN)
/** Files whose times a run remembers; the oldest is forgotten. */
const REMEMBERED_MAX = 1024

interface Remembered {
  readonly accessed: { readonly stored: bigint; readonly asked: bigint } | undefined
  readonly modified: { readonly stored: bigint; readonly asked: bigint } | undefined
}

/** A time as Node's `utimes` takes it: seconds in a double, which after 2004 is exact to 238 ns. */
export function utimeOf(nanoseconds: bigint | undefined): Date | number {
  if (nanoseconds === undefined) return LEAVE
  return Number(nanoseconds / NANOSECONDS_PER_SECOND) + Number(nanoseconds % NANOSECONDS_PER_SECOND) / 1e9
}

/**
 * The times that a run has set, to the nanosecond.
 *
 * Node can only set them to the next double. The run that set them is told what it asked for, as long as nobody else has
 * changed them; everybody else sees the double.
 */
export class ExactTimes {
  readonly #remembered = new Map<string, Remembered>()

  /** Notes what was asked for and what `stat`, made right after, says became of it. */
  remember(stat: BigIntStats, asked: FileTimes): void {
    const key = keyOf(stat)
    const before = this.#remembered.get(key)
    this.#remembered.delete(key)
    this.#remembered.set(key, {
      accessed: asked.accessedNs === undefined ? before?.accessed : { stored: stat.atimeNs, asked: asked.accessedNs },
      modified: asked.modifiedNs === undefined ? before?.modified : { stored: stat.mtimeNs, asked: asked.modifiedNs },
    })
    const oldest = this.#remembered.keys().next()
    if (this.#remembered.size > REMEMBERED_MAX && oldest.done !== true) this.#remembered.delete(oldest.value)
  }

  /** What a guest is told of a file. */
  statOf(stat: BigIntStats): FileStat {
    const known = this.#remembered.get(keyOf(stat))
    const accessed = known?.accessed
    const modified = known?.modified
    return {
      device: stat.dev,
      inode: stat.ino,
      type: fileTypeOfStat(stat),
      links: stat.nlink,
      size: stat.size,
      accessedNs: accessed?.stored === stat.atimeNs ? accessed.asked : stat.atimeNs,
      modifiedNs: modified?.stored === stat.mtimeNs ? modified.asked : stat.mtimeNs,
      changedNs: stat.ctimeNs,
    }
  }
}

/** The kind of a file; what WASI has no number for is `unknown`. */
export function fileTypeOfStat(stat: BigIntStats): FileType {
  if (stat.isFile()) return FILE_TYPE.regularFile
  if (stat.isDirectory()) return FILE_TYPE.directory
  if (stat.isSymbolicLink()) return FILE_TYPE.symbolicLink
  if (stat.isCharacterDevice()) return FILE_TYPE.characterDevice
  return stat.isSocket() ? FILE_TYPE.socketStream : FILE_TYPE.unknown
}

function keyOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}
