import { integer, list, literal, oneOf, type Schema, struct, text } from '@blockless/core'

/** An executable that guests start through `blockless_cgi`. */
export interface Extension {
  /** What guests call it by; unique. */
  readonly alias: string
  readonly description: string
  /**
   * Names of environment variables that guests may set. Others do not reach it: `NODE_OPTIONS`, `LD_PRELOAD` and their
   * like would let a guest run code of its own outside the sandbox.
   */
  readonly envs: readonly string[]
  /** Name of the file that was installed. */
  readonly fileName: string
  /** Of its bytes, hexadecimal; the key of its copy. */
  readonly sha256: string
  /** What guests are told beside; not a check, MD5 has collisions. */
  readonly md5: string
  /** Bytes. */
  readonly size: number
  readonly addedAtMs: number
}

/** A driver: a program that serves URLs of a scheme to `blockless_drivers`. */
export interface InstalledDriver {
  /** Without the colon, in lower case; unique. */
  readonly scheme: string
  readonly kind: 'wasm' | 'javascript'
  readonly fileName: string
  /** Of its bytes, hexadecimal; the key of its copy. */
  readonly sha256: string
  readonly size: number
  readonly addedAtMs: number
}

/** What an operator has installed: the content of `extensions.json`. */
export interface Registry {
  readonly version: 1
  readonly extensions: readonly Extension[]
  readonly drivers: readonly InstalledDriver[]
}

/** Entries of each kind: more than that nobody looks after. */
const ENTRIES_MAX = 256
/** Bytes of an executable: static ones of Go or Node have about a hundred megabytes. */
export const EXECUTABLE_SIZE_MAX: number = 256 * 1024 * 1024
/** Bytes of a driver: the largest module of `@blockless/wasm`. */
export const DRIVER_SIZE_MAX: number = 64 * 1024 * 1024
/** Names of extensions, which people type and programs print. */
export const ALIAS: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** Characters of a description. */
export const DESCRIPTION_LENGTH_MAX = 1024
/** Names of environment variables, as shells take them. */
export const ENV_NAME: RegExp = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
/** Variables that one extension takes. */
export const ENVS_MAX = 64
/** Schemes of URLs that a driver can have. */
export const SCHEME: RegExp = /^[a-z][a-z0-9+.-]{0,31}$/

const fileName = text(255)
const sha256 = text(64, /^[0-9a-f]{64}$/, 'a SHA-256')
const addedAtMs = integer(0, Number.MAX_SAFE_INTEGER)

/** Schema of {@link Registry}. */
export const registrySchema: Schema<Registry> = struct({
  version: literal(1),
  extensions: list(
    struct({
      alias: text(64, ALIAS, 'an alias'),
      description: text(DESCRIPTION_LENGTH_MAX),
      envs: list(text(128, ENV_NAME, 'a name of a variable'), ENVS_MAX),
      fileName,
      sha256,
      md5: text(32, /^[0-9a-f]{32}$/, 'an MD5'),
      size: integer(1, EXECUTABLE_SIZE_MAX),
      addedAtMs,
    }),
    ENTRIES_MAX,
  ),
  drivers: list(
    struct({
      scheme: text(32, SCHEME, 'a scheme'),
      kind: oneOf(['wasm', 'javascript']),
      fileName,
      sha256,
      size: integer(1, DRIVER_SIZE_MAX),
      addedAtMs,
    }),
    ENTRIES_MAX,
  ),
})
