import { createHash } from 'node:crypto'
import { basename, join, posix } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { ConfigError } from '../../../config/config-error.ts'
import { MODULE_SIZE_MAX } from '../../../defaults.ts'
import { readFileBounded } from '../../../io/read-files.ts'

/** What a manifest of existing tools says about the archive with its modules. */
export interface PackedModules {
  /** The archive's URL, whose last part is its name beside the manifest. */
  readonly url: string
  /** SHA-256 in hexadecimal; not checked if it is empty. */
  readonly checksum: string
}

/** Tar stores in blocks of this size. */
const BLOCK_SIZE = 512
const REGULAR_FILES: readonly string[] = ['0', '\0', '']
const decompress = promisify(gunzip)

/**
 * Reads a module out of the `.tar.gz` beside a manifest, as existing tools deploy functions.
 *
 * @param manifest - absolute path
 * @throws {FileError} if there is no such archive
 * @throws {ConfigError} if it is damaged, is not the one that the manifest means, or does not have the module
 */
export async function readPackedModule(manifest: string, packed: PackedModules, file: string): Promise<Uint8Array> {
  const archive = join(manifest, '..', basename(packed.url))
  const content = await readFileBounded(archive, MODULE_SIZE_MAX)
  const checksum = createHash('sha256').update(content).digest('hex')
  if (packed.checksum !== '' && packed.checksum.toLowerCase() !== checksum) {
    const problem = `the SHA-256 of "${basename(archive)}" is ${checksum}, "runtime.checksum" says ${packed.checksum}`
    throw new ConfigError({ path: manifest, problem })
  }
  try {
    const tar = await decompress(content, { maxOutputLength: 2 * MODULE_SIZE_MAX })
    const found = findInTar(tar, posix.normalize(file))
    if (found !== undefined) return found
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError({ path: archive, problem: `it is no .tar.gz, or a damaged one: ${why}` }, { cause })
  }
  throw new ConfigError({ path: archive, problem: `there is no module "${file}" in it` })
}

/** The bytes of a regular file, a view; names of POSIX tar up to 255 characters. @throws {RangeError} if it is cut off */
function findInTar(tar: Uint8Array, name: string): Uint8Array | undefined {
  const text = (at: number, size: number): string =>
    new TextDecoder().decode(tar.subarray(at, at + size)).replace(/\0.*$/s, '')
  for (let at = 0; at + BLOCK_SIZE <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8)
    const begin = at + BLOCK_SIZE
    if (!Number.isSafeInteger(size) || begin + size > tar.length) throw new RangeError(`cut off at byte ${at}`)
    const prefix = text(at + 345, 155)
    const path = posix.normalize(prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`)
    if (path === name && REGULAR_FILES.includes(text(at + 156, 1))) return tar.subarray(begin, begin + size)
    at = begin + Math.ceil(size / BLOCK_SIZE) * BLOCK_SIZE
  }
  return undefined
}
