import type { Limits } from '@blockless/core'
import type { MemoryMount, Program } from '@blockless/runtime'

/** A folder of this machine that a run is to have. */
export interface FolderMount {
  readonly kind: 'folder'
  /** The guest's path of it. */
  readonly path: string
  /** Absolute. */
  readonly folder: string
  readonly isReadOnly: boolean
  /** Whether it may be used without a flag that allows it. */
  readonly isGranted: boolean
}

/** Where a stream of the function goes. */
export type OutputSetting = 'inherit' | 'null' | { readonly file: string }

/** What an input says about its run; flags go before it. */
export interface LoadedRun {
  readonly program: Program
  /** What the function sees as its program's name. */
  readonly name: string
  readonly entry: string
  readonly limits: Limits
  readonly env: Readonly<Record<string, string>>
  /** What it asks for. */
  readonly permissions: readonly string[]
  readonly mounts: readonly (MemoryMount | FolderMount)[]
  /** Its text, if it is fixed. */
  readonly stdin?: string
  readonly stdout: OutputSetting
  readonly stderr: OutputSetting
  /** Folder of the entry's module, if it was read from a file of its own; absolute. */
  readonly moduleFolder?: string
  /** File for what the sandbox logs; absolute. */
  readonly logFile?: string
  /** Sentences for the user. */
  readonly warnings: readonly string[]
}

/** What an input of one module says: nothing but the module. */
export function plainRun(program: Program, name: string, limits: Limits): LoadedRun {
  const none = { permissions: [], mounts: [], warnings: [], env: {} }
  return { program, name, entry: '_start', limits, stdout: 'inherit', stderr: 'inherit', ...none }
}
