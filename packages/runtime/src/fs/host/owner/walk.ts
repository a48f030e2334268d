import type { BigIntStats } from 'node:fs'
import type { DirectoryHandle, FolderContext } from './host-folder.ts'
import { entryPath, OPEN_DIRECTORY_INODE, OPEN_INODE, readLinkText, statDescriptor } from './kernel-path.ts'
import { mountIdOf } from './mount-id.ts'
import { namesWithoutLinks, parsePath } from './path-text.ts'
import { failWith, systemCodeOf } from './system-errno.ts'

/** Links on one way; as Linux. */
const LINKS_MAX = 40
/** Directories held open on one way, for `..`; deeper trees are walked in stages, from a handle in between. */
const DEPTH_MAX = 256
/** Names and links looked at on one way, so that links to long ways cannot multiply. */
const STEPS_MAX = 4096

/** What a path led to: an inode that is held, so that it stays this one whatever happens to its names. */
export interface Found {
  /** Belongs to the walk, unless {@link Walk.keep} took it. */
  readonly descriptor: number
  readonly stat: BigIntStats
  /** The way to it from the folder, links resolved. */
  readonly names: readonly string[]
}

interface Step {
  readonly descriptor: number
  readonly name: string
}

/**
 * A way through a folder, name by name, each looked up in the directory that is held open before it.
 *
 * The kernel is never given more than one name, and never one that is a link, `..` or absolute: links are read and taken
 * apart here, and `..` gives up the directory held last. So no rename, swap or mount during the walk can lead it out.
 */
export class Walk implements AsyncDisposable {
  readonly #context: FolderContext
  readonly #start: DirectoryHandle
  readonly #steps: Step[] = []
  /** What is left of the way, the next name last. */
  readonly #ahead: string[]
  readonly #found: number[] = []
  #isDirectory: boolean
  #links = 0
  #count = 0

  /** @throws {FileError} if no path looks like this */
  constructor(context: FolderContext, start: DirectoryHandle, path: string) {
    const { names, isDirectory } = parsePath(path)
    this.#context = context
    this.#start = start
    this.#ahead = [...names].reverse()
    this.#isDirectory = isDirectory
  }

  /** The directory reached so far. */
  get directory(): number {
    return this.#steps.at(-1)?.descriptor ?? this.#start.descriptor
  }

  /** The way to {@link directory} from the folder. */
  get names(): readonly string[] {
    return [...this.#start.names, ...this.#steps.map(({ name }) => name)]
  }

  /** The way so far and what is left of it, as if there were no more links. */
  get destination(): readonly string[] {
    return namesWithoutLinks(this.names, [...this.#ahead].reverse())
  }

  /** Whether the path can only name a directory, as by a slash at its end. */
  get isDirectory(): boolean {
    return this.#isDirectory
  }

  /**
   * Walks up to the last name.
   *
   * @returns the name, to be looked up in {@link directory}; `undefined` if the path leads to {@link directory} itself
   */
  async reachParent(): Promise<string | undefined> {
    for (;;) {
      this.#countStep()
      const name = this.#ahead.at(-1)
      if (name !== '..' && this.#ahead.length <= 1) {
        this.#checkMount(this.directory)
        return name
      }
      this.#ahead.pop()
      if (name === '..') await this.#leave()
      else if (name !== undefined) await this.#enter(name)
    }
  }

  /**
   * Walks to the end.
   *
   * @param followLink - whether to go on if the last name is a link; links before it are always followed
   * @returns `undefined` if the last name is not there
   */
  async find(followLink: boolean): Promise<Found | undefined> {
    for (;;) {
      const name = await this.reachParent()
      if (name === undefined) return await this.#foundDirectory()
      const descriptor = await this.#hold(name)
      if (descriptor === undefined) return undefined
      const stat = await statDescriptor(descriptor)
      if (stat.isSymbolicLink() && (followLink || this.#isDirectory)) {
        this.#ahead.pop()
        if (!(await this.#followLink(name, true))) this.#ahead.push(name)
        await this.#context.pool.close(this.keep({ descriptor, stat, names: [] }))
        continue
      }
      this.#checkMount(descriptor)
      if (this.#isDirectory && !stat.isDirectory()) failWith('notdir')
      return { descriptor, stat, names: [...this.names, name] }
    }
  }

  /** Leaves what was found to the caller, who closes it. */
  keep({ descriptor }: Found): number {
    const index = this.#found.indexOf(descriptor)
    if (index < 0) failWith('io')
    this.#found.splice(index, 1)
    return descriptor
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const held = [...this.#found, ...this.#steps.map(({ descriptor }) => descriptor)]
    this.#found.length = 0
    this.#steps.length = 0
    for (const descriptor of held) await this.#context.pool.close(descriptor)
  }

  #countStep(): void {
    this.#context.signal.throwIfAborted()
    if (++this.#count > STEPS_MAX) failWith('loop')
  }

  /** The directory reached, held once more, so that it outlives the walk. */
  async #foundDirectory(): Promise<Found> {
    const descriptor = await this.#context.pool.open(`/proc/self/fd/${this.directory}/.`, OPEN_DIRECTORY_INODE)
    this.#found.push(descriptor)
    return { descriptor, stat: await statDescriptor(descriptor), names: this.names }
  }

  async #hold(name: string): Promise<number | undefined> {
    try {
      const descriptor = await this.#context.pool.open(entryPath(this.directory, name), OPEN_INODE)
      this.#found.push(descriptor)
      return descriptor
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  async #enter(name: string): Promise<void> {
    if (this.#steps.length >= DEPTH_MAX) failWith('nametoolong')
    try {
      const descriptor = await this.#context.pool.open(entryPath(this.directory, name), OPEN_DIRECTORY_INODE)
      this.#steps.push({ descriptor, name })
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOTDIR') throw error
      if (!(await this.#followLink(name, false))) failWith('notdir')
    }
  }

  async #leave(): Promise<void> {
    const step = this.#steps.pop()
    if (step === undefined) failWith('perm')
    await this.#context.pool.close(step.descriptor)
  }

  /** Puts a link's target in front of what is left of the way. @returns false if it is no link, perhaps no longer */
  async #followLink(name: string, isLast: boolean): Promise<boolean> {
    let target: string
    try {
      target = await readLinkText(entryPath(this.directory, name))
    } catch (error) {
      if (systemCodeOf(error) === 'EINVAL') return false
      throw error
    }
    if (++this.#links > LINKS_MAX) failWith('loop')
    const { names, isDirectory } = parsePath(target)
    this.#ahead.push(...[...names].reverse())
    if (isLast) this.#isDirectory ||= isDirectory
    return true
  }

  #checkMount(descriptor: number): void {
    if (descriptor !== this.#start.descriptor && mountIdOf(descriptor) !== this.#start.folder.mountId) failWith('xdev')
  }
}
