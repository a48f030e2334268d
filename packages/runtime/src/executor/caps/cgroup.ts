import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** What the operator lets an executor take from the machine. */
export interface ProcessCaps {
  /** Memory of the process with all its guests, in bytes. */
  readonly memoryBytes: number
  /** Processor time per second of wall time: 1.5 is one core and a half. */
  readonly cpus: number
}

/** Where the kernel shows its control groups. */
export interface CgroupPaths {
  readonly mount: string
  /** File with the groups of this process. */
  readonly self: string
}

const LINUX: CgroupPaths = { mount: '/sys/fs/cgroup', self: '/proc/self/cgroup' }
const CONTROLLERS = ['cpu', 'memory'] as const
/** The kernel's default scheduling period, in microseconds. */
const PERIOD_US = 100_000
/** Name of the group that this process moves to: a group with limits below it may hold no process itself. */
const OWN_GROUP = 'blockless-node'

/**
 * Control groups (version 2) for executors, below the group of this process.
 *
 * That needs a group which was handed to this process, as `Delegate=yes` of systemd or a container with a writable
 * cgroup file system does. Where it was not, {@link Cgroups.create} says why, and nothing changes.
 */
export class Cgroups {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Prepares the group of this process. Blocks: it is called once, before anything is served.
   *
   * @returns the groups, or in words why the kernel does not let this process make any
   */
  static create(paths: CgroupPaths = LINUX): Cgroups | string {
    try {
      const own = /^0::(\/.*)$/m.exec(readFileSync(paths.self, 'utf8'))?.[1]
      if (own === undefined) return 'the machine has no cgroup version 2'
      // a second call finds this process where the first one put it
      const folder = join(paths.mount, basename(own) === OWN_GROUP ? dirname(own) : own)
      const offered = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ')
      const missing = CONTROLLERS.filter((name) => !offered.includes(name))
      if (missing.length > 0) return `its control group has no ${missing.join(' and no ')} controller`
      mkdirSync(join(folder, OWN_GROUP), { recursive: true })
      writeFileSync(join(folder, OWN_GROUP, 'cgroup.procs'), String(process.pid))
      writeFileSync(join(folder, 'cgroup.subtree_control'), CONTROLLERS.map((name) => `+${name}`).join(' '))
      return new Cgroups(folder)
    } catch (error) {
      return `the kernel does not allow it (${error instanceof Error ? error.message : error})`
    }
  }

  /**
   * Puts a process into a new group with these caps.
   *
   * @returns gives the group back once the process is gone
   * @throws {Error} of the file system if the kernel refuses
   */
  confine(pid: number, caps: ProcessCaps): () => void {
    const group = join(this.#folder, `blockless-executor-${pid}`)
    mkdirSync(group)
    writeFileSync(join(group, 'memory.max'), String(caps.memoryBytes))
    // a group that may swap answers slowly instead of ending
    writeIfThere(join(group, 'memory.swap.max'), '0')
    // one guest's excess ends all of the executor, never half of it
    writeIfThere(join(group, 'memory.oom.group'), '1')
    writeFileSync(join(group, 'cpu.max'), `${Math.round(caps.cpus * PERIOD_US)} ${PERIOD_US}`)
    writeFileSync(join(group, 'cgroup.procs'), String(pid))
    return () => rmdirSync(group)
  }
}

/** Kernels without swap accounting have no such file. */
function writeIfThere(path: string, text: string): void {
  try {
    readFileSync(path)
  } catch {
    return
  }
  writeFileSync(path, text)
}
