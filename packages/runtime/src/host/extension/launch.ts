import { type ChildProcess, spawn } from 'node:child_process'
import type { ProcessLimits } from './process-limits.ts'

/** How to start a program. */
export interface LaunchInit {
  /** Absolute path of the executable. */
  readonly file: string
  readonly args: readonly string[]
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
  readonly limits: ProcessLimits
}

const SHELL = '/bin/sh'
/** `ulimit -f` counts in 512 bytes, `-d` in kibibytes (POSIX.1-2024; dash, and bash as sh). */
const FILE_BLOCK_SIZE = 512
const KIBIBYTE = 1024
/** Exit code of the shell if a limit cannot be set; the program is then not started. */
const NOT_LIMITED = 125

/**
 * The shell only lowers limits and becomes the program. Its text is fixed: everything else comes as an argument, which it
 * does not interpret. What a system cannot limit fails the start, but for memory, which macOS does not let anyone limit.
 */
const SCRIPT = `ulimit -c 0 && ulimit -t "$1" && ulimit -f "$2" && ulimit -n "$3" || exit ${NOT_LIMITED}
ulimit -d "$4" 2>/dev/null || [ "$(uname)" = Darwin ] || exit ${NOT_LIMITED}
shift 4
exec "$@"`

/**
 * Starts a program with limits, in a process group of its own, with three pipes and no other handle.
 *
 * @returns the process; its owner ends it with {@link killGroup}
 */
export function launch({ file, args, env, folder, limits }: LaunchInit): ChildProcess {
  const { cpuSeconds, memoryBytes, fileBytes, filesMax } = limits
  const numbers = [cpuSeconds, Math.ceil(fileBytes / FILE_BLOCK_SIZE), filesMax, Math.ceil(memoryBytes / KIBIBYTE)]
  return spawn(SHELL, ['-c', SCRIPT, 'sh', ...numbers.map(String), file, ...args], {
    cwd: folder,
    env: { ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Kills a process and all that it started, but for what left its process group. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // none of them is left
  }
}
