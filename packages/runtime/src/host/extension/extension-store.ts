import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Clock, fromHex } from '@blockless/core'
import { type CopiedFile, copyHashed } from './checked-copy.ts'
import { ExtensionError } from './extension-error.ts'
import { shakeHands } from './handshake.ts'
import {
  ALIAS,
  DRIVER_SIZE_MAX,
  ENV_NAME,
  EXECUTABLE_SIZE_MAX,
  type Extension,
  type InstalledDriver,
  type Registry,
  registrySchema,
  SCHEME,
} from './registry.ts'
import { lockRegistry } from './registry-lock.ts'
import { createRunFolder, type RunFolder, removeStaleRunFolders } from './run-folders.ts'

/** How to install an extension. */
export interface AddOptions {
  /** Another name than the one it gives itself. */
  readonly alias?: string
  /** Variables that guests may set, beside those it names itself. */
  readonly envs?: readonly string[]
  readonly signal?: AbortSignal
}

/** What became of one entry when it was looked at. */
export interface ExtensionCheck {
  readonly kind: 'extension' | 'driver'
  readonly name: string
  readonly sha256: string
  /** Why it cannot be used; undefined if it can. */
  readonly problem: ExtensionError | undefined
}

/** A driver's bytes, whose hash was checked. */
export interface ReadDriver {
  readonly kind: InstalledDriver['kind']
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly hash: Uint8Array
}

const OWNER_ONLY = 0o700
const REGISTRY_SIZE_MAX = 4 * 1024 * 1024
const EMPTY: Registry = { version: 1, extensions: [], drivers: [] }

/**
 * What an operator has installed, in a folder that belongs to the node: `extensions.json` names it, and `content/` has a
 * copy of each program under its SHA-256. What is started is always a copy of that copy, hashed while it was made.
 */
export class ExtensionStore {
  readonly #folder: string
  readonly #clock: Clock
  #isClean = false

  /** @param folder - absolute; made when something is installed */
  constructor(folder: string, components: { readonly clock: Clock }) {
    this.#folder = folder
    this.#clock = components.clock
  }

  /** All that is installed. @throws {ExtensionError} `ERR_EXTENSION_REGISTRY` if the list cannot be used */
  async list(): Promise<Registry> {
    const path = this.#registryPath()
    try {
      const bytes = await readBounded(path, REGISTRY_SIZE_MAX)
      return registrySchema.fromJson(JSON.parse(new TextDecoder().decode(bytes)), '')
    } catch (cause) {
      // only a list that is not there is an empty one: what cannot be read must not be written over
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return EMPTY
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new ExtensionError({ code: 'ERR_EXTENSION_REGISTRY', path, why }, { cause })
    }
  }

  /**
   * Installs an executable: copies it, starts the copy with `--ext_verify`, and keeps it under the alias that it gives.
   * The same program again only renews what is known of it.
   *
   * @throws {ExtensionError} if it is no extension, or its name is taken; rejects with the signal's reason
   */
  async add(path: string, { alias, envs = [], signal }: AddOptions = {}): Promise<Extension> {
    const invalid = envs.find((name) => !ENV_NAME.test(name))
    if (invalid !== undefined) throw new RangeError(`Cannot let guests set "${invalid}": it is no name of a variable`)
    if (alias !== undefined && !ALIAS.test(alias)) throw new RangeError(`Cannot use "${alias}" as an alias`)
    await using run = await this.#openRunFolder()
    const copied = await this.#copyIn(path, run.file, EXECUTABLE_SIZE_MAX, signal)
    const said = await shakeHands({ path, file: run.file, folder: run.work, md5: copied.md5 }, signal)
    const extension: Extension = {
      alias: alias ?? said.alias,
      description: said.description,
      envs: [...new Set([...said.envs, ...envs])].sort(),
      fileName: basename(path),
      ...copied,
      addedAtMs: this.#clock.now(),
    }
    await this.#change(async ({ extensions, ...rest }) => {
      const others = extensions.filter((each) => each.alias !== extension.alias)
      const taken = extensions.find((each) => each.alias === extension.alias && each.sha256 !== extension.sha256)
      if (taken !== undefined) throw new ExtensionError({ code: 'ERR_EXTENSION_EXISTS', name: extension.alias })
      await rename(run.file, this.#contentPath(extension.sha256))
      return { ...rest, extensions: [...others, extension] }
    })
    return extension
  }

  /**
   * Installs a driver for URLs of a scheme. A file that begins as WebAssembly does is one, anything else is JavaScript.
   *
   * @throws {ExtensionError} if the scheme is taken or the file cannot be used; rejects with the signal's reason
   */
  async addDriver(path: string, scheme: string, signal?: AbortSignal): Promise<InstalledDriver> {
    if (!SCHEME.test(scheme) || scheme === 'tcp') {
      throw new RangeError(`Cannot install a driver for "${scheme}": it is no scheme, or one that is built in`)
    }
    await using run = await this.#openRunFolder()
    const { md5: _, ...copied } = await this.#copyIn(path, run.file, DRIVER_SIZE_MAX, signal)
    const start = (await readBounded(run.file, DRIVER_SIZE_MAX)).subarray(0, 4)
    const isWasm = Buffer.compare(start, Buffer.from('\0asm')) === 0
    const driver: InstalledDriver = {
      scheme,
      kind: isWasm ? 'wasm' : 'javascript',
      fileName: basename(path),
      ...copied,
      addedAtMs: this.#clock.now(),
    }
    await this.#change(async ({ drivers, ...rest }) => {
      const taken = drivers.find((each) => each.scheme === scheme && each.sha256 !== driver.sha256)
      if (taken !== undefined) throw new ExtensionError({ code: 'ERR_EXTENSION_EXISTS', name: `${scheme}:` })
      await rename(run.file, this.#contentPath(driver.sha256))
      return { ...rest, drivers: [...drivers.filter((each) => each.scheme !== scheme), driver] }
    })
    return driver
  }

  /**
   * Forgets an extension by its alias, or a driver by its scheme with a colon; runs that use it go on.
   *
   * @throws {ExtensionError} `ERR_EXTENSION_UNKNOWN` if there is none
   */
  async remove(name: string): Promise<void> {
    await this.#change(async (registry) => {
      const extensions = registry.extensions.filter(({ alias }) => alias !== name)
      const drivers = registry.drivers.filter(({ scheme }) => `${scheme}:` !== name)
      const removed = [...registry.extensions, ...registry.drivers].find(
        (each) => !extensions.some((kept) => kept === each) && !drivers.some((kept) => kept === each),
      )
      if (removed === undefined) throw unknown(name, registry)
      const isUsed = [...extensions, ...drivers].some(({ sha256 }) => sha256 === removed.sha256)
      if (!isUsed) await rm(this.#contentPath(removed.sha256), { force: true })
      return { ...registry, extensions, drivers }
    })
  }

  /** Looks at everything again: hashes all copies, and starts each extension with `--ext_verify`. */
  async verify(signal?: AbortSignal): Promise<readonly ExtensionCheck[]> {
    const { extensions, drivers } = await this.list()
    const checks: ExtensionCheck[] = []
    for (const extension of extensions) {
      const problem = await problemOf(async () => {
        await using run = await this.checkOut(extension, signal)
        await shakeHands({ path: extension.alias, file: run.file, folder: run.work, md5: extension.md5 }, signal)
      })
      checks.push({ kind: 'extension', name: extension.alias, sha256: extension.sha256, problem })
    }
    for (const { scheme, sha256 } of drivers) {
      const problem = await problemOf(async () => void (await this.readDriver(scheme)))
      checks.push({ kind: 'driver', name: `${scheme}:`, sha256, problem })
    }
    return checks
  }

  /**
   * A fresh folder with a copy of an extension that has the hash which was installed, whatever happens to the original.
   *
   * @throws {ExtensionError} `ERR_EXTENSION_CHANGED`; rejects with the signal's reason
   */
  async checkOut({ alias, sha256 }: Extension, signal?: AbortSignal): Promise<RunFolder> {
    await using folders = new AsyncDisposableStack()
    const run = folders.use(await this.#openRunFolder())
    const path = this.#contentPath(sha256)
    const found = await copyHashed(path, run.file, EXECUTABLE_SIZE_MAX, signal).catch((cause: unknown) => {
      signal?.throwIfAborted()
      throw changed(alias, path, sha256, cause instanceof Error ? cause.message : String(cause))
    })
    if (found.sha256 !== sha256) throw changed(alias, path, sha256, found.sha256)
    folders.move()
    return run
  }

  /**
   * The bytes of the driver for a scheme; undefined if there is none.
   *
   * @throws {ExtensionError} `ERR_EXTENSION_CHANGED`
   */
  async readDriver(scheme: string): Promise<ReadDriver | undefined> {
    const driver = (await this.list()).drivers.find((each) => each.scheme === scheme)
    if (driver === undefined) return undefined
    const path = this.#contentPath(driver.sha256)
    const bytes = await readBounded(path, DRIVER_SIZE_MAX).catch((cause: unknown) => {
      throw changed(`${scheme}:`, path, driver.sha256, cause instanceof Error ? cause.message : String(cause))
    })
    const found = createHash('sha256').update(bytes).digest('hex')
    if (found !== driver.sha256) throw changed(`${scheme}:`, path, driver.sha256, found)
    return { kind: driver.kind, bytes, hash: fromHex(found) }
  }

  async #openRunFolder(): Promise<RunFolder> {
    const folder = join(this.#folder, 'run')
    if (!this.#isClean) await removeStaleRunFolders(folder)
    this.#isClean = true
    return await createRunFolder(folder)
  }

  async #copyIn(path: string, to: string, sizeMax: number, signal: AbortSignal | undefined): Promise<CopiedFile> {
    try {
      const copied = await copyHashed(path, to, sizeMax, signal)
      await using file = await open(to)
      // the list that names it must not be on the disk before it
      await file.sync()
      return copied
    } catch (cause) {
      signal?.throwIfAborted()
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new ExtensionError({ code: 'ERR_EXTENSION_FILE', path, why }, { cause })
    }
  }

  async #change(next: (registry: Registry) => Promise<Registry>): Promise<void> {
    await mkdir(join(this.#folder, 'content'), { recursive: true, mode: OWNER_ONLY })
    await using _ = await lockRegistry(`${this.#registryPath()}.lock`)
    const registry = registrySchema.check(await next(await this.list()), 'extensions')
    const path = this.#registryPath()
    await writeFile(`${path}.new`, `${JSON.stringify(registrySchema.toJson(registry), null, 2)}\n`, { flush: true })
    await rename(`${path}.new`, path)
  }

  #registryPath(): string {
    return join(this.#folder, 'extensions.json')
  }

  #contentPath(sha256: string): string {
    return join(this.#folder, 'content', sha256)
  }
}

async function readBounded(path: string, sizeMax: number): Promise<Uint8Array<ArrayBuffer>> {
  await using file = await open(path)
  const { size } = await file.stat()
  if (size > sizeMax) throw new RangeError(`it has ${size} bytes, at most ${sizeMax} are allowed`)
  return new Uint8Array(await file.readFile())
}

async function problemOf(check: () => Promise<void>): Promise<ExtensionError | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    if (error instanceof ExtensionError) return error
    throw error
  }
}

function changed(name: string, path: string, wanted: string, found: string): ExtensionError {
  return new ExtensionError({ code: 'ERR_EXTENSION_CHANGED', name, path, wanted, found })
}

function unknown(name: string, { extensions, drivers }: Registry): ExtensionError {
  const known = [...extensions.map(({ alias }) => alias), ...drivers.map(({ scheme }) => `${scheme}:`)]
  return new ExtensionError({ code: 'ERR_EXTENSION_UNKNOWN', name, known })
}
