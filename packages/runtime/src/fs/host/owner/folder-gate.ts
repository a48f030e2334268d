import type { Gate } from '../../../policy/gate.ts'
import { guestPathOf, type HostFolder } from './host-folder.ts'
import { failWith } from './system-errno.ts'

/** Says that the gate does not allow something. */
export class FolderDenied extends Error {
  /** What would allow it. */
  readonly missing: string

  constructor(missing: string) {
    super(`Cannot use folder: ${missing}`)
    this.name = 'FolderDenied'
    this.missing = missing
  }
}

/**
 * Asks the gate about a place in a folder, by the way that links led to.
 *
 * @throws {FolderDenied} if it is not allowed
 * @throws {FileError} `rofs` if something is to be changed in a read-only folder
 */
export function checkAllowed(
  gate: Gate,
  kind: 'read' | 'write',
  { folder, names }: { readonly folder: HostFolder; readonly names: readonly string[] },
): void {
  const verdict = gate.decide({ kind, path: guestPathOf(folder, names) })
  if (!verdict.isAllowed) throw new FolderDenied(verdict.missing)
  if (kind === 'write' && folder.readOnly) failWith('rofs')
}
