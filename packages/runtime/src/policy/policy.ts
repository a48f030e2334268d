import {
  list,
  operatorPermissionTextSchema,
  optional,
  type Permission,
  parsePermission,
  type Schema,
  struct,
} from '@blockless/core'
import { type AddressRange, addressRangeTextSchema, parseAddressRange } from './address-range.ts'

/** Who wrote a layer. */
export type PolicyOwner = 'manifest' | 'request' | 'operator'

/** One party's rules. */
export interface PolicyLayer {
  readonly owner: PolicyOwner
  readonly allow: readonly Permission[]
  readonly deny: readonly Permission[]
  /** Addresses that are not public and may be reached all the same; `any` has no say in it. */
  readonly allowPrivate: readonly AddressRange[] | 'any'
  readonly denyAddresses: readonly AddressRange[]
}

/** What a run may do: what every layer allows and none denies. Without layers, nothing. */
export interface Policy {
  readonly layers: readonly PolicyLayer[]
}

/** An operator's bounds for all functions on a node, as the operator writes them. */
export interface OperatorCaps {
  /** Permissions that functions may have if their manifest asks. */
  readonly allow: readonly string[]
  /** Permissions that no function has. */
  readonly deny?: readonly string[]
  /** Addresses of private networks that functions may reach: `10.0.0.0/8`, `127.0.0.1:11434`. */
  readonly allowPrivate?: readonly string[]
  /** Public addresses that functions may not reach, such as the node's own. */
  readonly denyAddresses?: readonly string[]
}

/** Rules in one list; more would make each decision slow. */
const RULES_MAX = 256

/** Schema of {@link OperatorCaps}; a bad entry is named. */
export const operatorCapsSchema: Schema<OperatorCaps> = struct({
  allow: list(operatorPermissionTextSchema, RULES_MAX),
  deny: optional(list(operatorPermissionTextSchema, RULES_MAX)),
  allowPrivate: optional(list(addressRangeTextSchema, RULES_MAX)),
  denyAddresses: optional(list(addressRangeTextSchema, RULES_MAX)),
})

/** HTTP to all public hosts that a manifest names, and no mail servers: what is worth little to a thief of capacity. */
export const DEFAULT_CAPS: OperatorCaps = {
  allow: ['http://*:*', 'https://*:*'],
  deny: ['net:*:25', 'net:*:465', 'net:*:587'],
}

/** Texts that make up a policy. */
export interface PolicyTexts {
  readonly manifest: readonly string[]
  /** Absent if the request takes all that the manifest has. */
  readonly request?: readonly string[]
  readonly operator: OperatorCaps
}

/**
 * The policy of a run: manifest and request and operator, all of which must allow what it does.
 *
 * @throws {SchemaError} naming the first text that is no permission
 */
export function createPolicy({ manifest, request, operator }: PolicyTexts): Policy {
  const { allow, deny = [], allowPrivate = [], denyAddresses = [] } = operator
  return {
    layers: [
      askedFor('manifest', manifest),
      ...(request === undefined ? [] : [askedFor('request', request)]),
      {
        owner: 'operator',
        allow: permissionsOf(allow, 'allow'),
        deny: permissionsOf(deny, 'deny'),
        allowPrivate: allowPrivate.map((text, index) => parseAddressRange(text, `allowPrivate[${index}]`)),
        denyAddresses: denyAddresses.map((text, index) => parseAddressRange(text, `denyAddresses[${index}]`)),
      },
    ],
  }
}

/** What both policies allow. */
export function intersectPolicies(one: Policy, other: Policy): Policy {
  const isEmpty = one.layers.length === 0 || other.layers.length === 0
  return { layers: isEmpty ? [] : [...one.layers, ...other.layers] }
}

/** A layer that asks and denies nothing; which private addresses there are is the operator's to know. */
function askedFor(owner: PolicyOwner, texts: readonly string[]): PolicyLayer {
  return { owner, allow: permissionsOf(texts, 'permissions'), deny: [], allowPrivate: 'any', denyAddresses: [] }
}

function permissionsOf(texts: readonly string[], name: string): readonly Permission[] {
  return texts.map((text, index) => parsePermission(text, `${name}[${index}]`))
}
