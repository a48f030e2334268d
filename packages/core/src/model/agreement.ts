import { SUBNET_SIZE_MAX } from '../limits.ts'
import { struct } from '../schema/compounds.ts'
import { integer, oneOf } from '../schema/scalars.ts'
import type { Schema } from '../schema/schema.ts'
import { SchemaError } from '../schema/schema-error.ts'

/** By which rule workers agree: `direct` takes one worker's word, `aggregate` needs `threshold` equal results. */
export type AgreementKind = 'direct' | 'aggregate'

/** How many nodes run a function and how many of them have to return the same result. */
export interface Agreement {
  readonly kind: AgreementKind
  /** Nodes that run it, 1 to 64. */
  readonly nodes: number
  /** Equal results needed, more than half of `nodes`, so that two results can never both be agreed. */
  readonly threshold: number
}

const shape = struct({
  kind: oneOf(['direct', 'aggregate'] as const),
  nodes: integer(1, SUBNET_SIZE_MAX),
  threshold: integer(1, SUBNET_SIZE_MAX),
})

function refine(agreement: Agreement, path: string): Agreement {
  const { kind, nodes, threshold } = agreement
  if (kind === 'direct' && nodes !== 1) throw new SchemaError(`${path}.nodes`, '1, as the agreement is direct', nodes)
  if (threshold > nodes || threshold * 2 <= nodes) {
    const least = Math.floor(nodes / 2) + 1
    throw new SchemaError(`${path}.threshold`, `${least} to ${nodes} of ${nodes} nodes`, threshold)
  }
  return agreement
}

/** Schema of {@link Agreement}. */
export const agreementSchema: Schema<Agreement> = {
  ...shape,
  check: (value, path) => refine(shape.check(value, path), path),
  fromJson: (json, path) => refine(shape.fromJson(json, path), path),
}

/** The agreement of a function that asks for `nodes` nodes and says no more: three of four, five of seven. */
export function defaultAgreement(nodes: number): Agreement {
  if (nodes === 1) return { kind: 'direct', nodes, threshold: 1 }
  return { kind: 'aggregate', nodes, threshold: Math.floor((nodes * 2) / 3) + 1 }
}
