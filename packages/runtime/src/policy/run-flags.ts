/** A flag of the existing runtime: given for everything, or for a list. */
export type AccessFlag = true | readonly string[]

/** What the existing runtime's command line says about permissions. */
export interface RunFlags {
  /** `--allow-all` */
  readonly allowAll?: boolean
  /** `--allow-read[=paths]` and so on. */
  readonly allowRead?: AccessFlag
  readonly allowWrite?: AccessFlag
  /** Hosts, with a port or without. */
  readonly allowNet?: AccessFlag
  readonly denyRead?: AccessFlag
  readonly denyWrite?: AccessFlag
  readonly denyNet?: AccessFlag
  /** `--permission`, any number of times. */
  readonly permissions?: readonly string[]
}

/**
 * The permission texts that flags of the existing runtime stand for.
 *
 * @returns `allow` and `deny`, as an operator writes them; what is no path or host fails where the texts are parsed
 */
export function permissionsOfFlags(flags: RunFlags): { readonly allow: string[]; readonly deny: string[] } {
  return {
    allow: [
      ...(flags.allowAll === true ? ['*'] : []),
      ...textsOf('read', flags.allowRead),
      ...textsOf('write', flags.allowWrite),
      ...textsOf('net', flags.allowNet),
      ...(flags.permissions ?? []),
    ],
    deny: [...textsOf('read', flags.denyRead), ...textsOf('write', flags.denyWrite), ...textsOf('net', flags.denyNet)],
  }
}

function textsOf(kind: 'read' | 'write' | 'net', flag: AccessFlag | undefined): string[] {
  if (flag === undefined) return []
  if (flag === true) return [kind === 'net' ? 'net:*' : `${kind}:/`]
  // the existing runtime takes relative paths from the root
  return flag.map((value) => `${kind}:${kind === 'net' || value.startsWith('/') ? value : `/${value}`}`)
}
