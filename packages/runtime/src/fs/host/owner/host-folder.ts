import type { Gate } from '../../../policy/gate.ts'
import type { DescriptorPool } from './descriptor-pool.ts'
import type { ExactTimes } from './exact-times.ts'

/** A folder of this machine that functions may be given. */
export interface HostFolderInit {
  /** What a mount names it by. */
  readonly id: string
  /** Absolute, on this machine; it may lead through links, as the operator wrote it. */
  readonly path: string
  /** Absolute, as functions see it and as the gate is asked about it; it is the owner's, so that no guest can change it. */
  readonly guestPath: string
  readonly readOnly: boolean
}

/** A folder that is held open: what becomes of its path later changes nothing. */
export interface HostFolder {
  readonly id: string
  readonly guestPath: string
  readonly readOnly: boolean
  readonly descriptor: number
  /** Nothing that is mounted somewhere inside is part of the folder. */
  readonly mountId: number
}

/** A directory of a folder that a run holds open. */
export interface DirectoryHandle {
  readonly kind: 'directory'
  readonly folder: HostFolder
  readonly descriptor: number
  /** The way to it from the folder, as it was when it was opened; none is a link. */
  readonly names: readonly string[]
}

/** A regular file of a folder that a run holds open. */
export interface FileHandle {
  readonly kind: 'file'
  readonly folder: HostFolder
  readonly descriptor: number
  readonly names: readonly string[]
  readonly isWritable: boolean
}

/** What a run holds open. */
export type FolderHandle = DirectoryHandle | FileHandle

/** The path that a guest knows a place in a folder by. */
export function guestPathOf({ guestPath }: HostFolder, names: readonly string[]): string {
  const base = guestPath.endsWith('/') ? guestPath.slice(0, -1) : guestPath
  return names.length === 0 ? guestPath : `${base}/${names.join('/')}`
}

/** What operations on paths share. */
export interface FolderContext {
  readonly pool: DescriptorPool
  readonly gate: Gate
  readonly times: ExactTimes
  /** Aborted when nobody waits for the call any more. */
  readonly signal: AbortSignal
}
