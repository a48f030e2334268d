import { type Permission, parsePermission, SchemaError } from '@blockless/core'
import type { AccessFlag, Gate, OperatorConfig } from '@blockless/runtime'
import { UsageError } from '../../../errors/cli-error.ts'
import type { RunFlags } from '../run-flags.ts'

/** What decides about a run's actions. */
export interface RunPolicy {
  readonly operator: OperatorConfig
  /** What the function asks for. */
  readonly asked: readonly string[]
  /** What naming a folder gives. */
  readonly granted: readonly string[]
  readonly flags: RunFlags
}

/** Every address there is. */
const ANYWHERE: readonly string[] = ['0.0.0.0/0', '::/0']

/**
 * The gate of a run on one's own machine. Who runs it is the operator: flags widen both what the function asks for and
 * what the operator allows, and what is denied stays denied. Asked for by the function alone, there is what nodes give.
 *
 * @throws {UsageError} naming the flag that is no permission
 */
export async function createRunGate({ operator, asked, granted, flags }: RunPolicy): Promise<Gate> {
  const { createGate, createPolicy, permissionsOfFlags } = await import('@blockless/runtime')
  const { allow, deny } = permissionsOfFlags({
    ...(flags.allowAll === true ? { allowAll: true } : {}),
    ...access('allowRead', flags.allowRead),
    ...access('allowWrite', flags.allowWrite),
    ...access('allowNet', flags.allowNet),
    ...access('denyRead', flags.denyRead),
    ...access('denyWrite', flags.denyWrite),
    ...access('denyNet', flags.denyNet),
    permissions: flags.permission ?? [],
  })
  const allowed = allow.map((text) => parseFlag(text))
  for (const text of deny) parseFlag(text)
  const own = [...allow, ...granted]
  const { permissions } = operator
  try {
    return createGate(
      createPolicy({
        manifest: [...asked, ...own],
        operator: {
          ...permissions,
          allow: [...permissions.allow, ...own],
          deny: [...(permissions.deny ?? []), ...deny],
          allowPrivate: [
            ...(permissions.allowPrivate ?? []),
            ...(flags.allowPrivate ?? []),
            ...allowed.flatMap(addressesOf),
          ],
        },
      }),
    )
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause
    throw new UsageError(`Cannot use permissions: ${cause.message}`, undefined, { cause })
  }
}

function access<Name extends string>(name: Name, values: readonly string[] | undefined): { [K in Name]?: AccessFlag } {
  if (values === undefined) return {}
  const list = values.flatMap((value) => value.split(',')).filter((value) => value !== '')
  return { [name]: list.includes('*') ? true : list } as { [K in Name]?: AccessFlag }
}

function parseFlag(text: string): Permission {
  try {
    return parsePermission(text)
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause
    const needed = cause.details.expected.replace(/^a permission: /, '')
    throw new UsageError(`Cannot use permission "${text}": what is needed is ${needed}`, undefined, { cause })
  }
}

/** A place on this machine or in a private network that is named by its address is meant, however private it is. */
function addressesOf(permission: Permission): readonly string[] {
  if (permission.kind === 'all') return ANYWHERE
  const endpoint =
    permission.kind === 'url' || (permission.kind === 's3' && permission.pattern !== '*')
      ? (permission.pattern as { readonly host: string; readonly port: number | '*' })
      : permission.kind === 'net' || permission.kind === 'tcp' || permission.kind === 'listen'
        ? permission
        : undefined
  if (endpoint === undefined) return []
  const { host, port } = endpoint
  if (host === '*') return permission.kind === 'net' ? ANYWHERE : []
  const withPort = (address: string): string => (port === '*' ? address : `${address}:${port}`)
  if (host === 'localhost') return [withPort('127.0.0.1'), withPort('[::1]')]
  return /^[\d.]+$/.test(host) || host.startsWith('[') ? [withPort(host)] : []
}
