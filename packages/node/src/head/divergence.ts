import type { Divergence, ExecutionResult, NodeId } from '@blockless/core'

/** What one group of nodes returned. */
export interface GroupResult {
  readonly nodes: readonly NodeId[]
  readonly result: Pick<ExecutionResult, 'exit' | 'stdout' | 'stderr' | 'fuelUsed'>
}

const EXCERPT_SIZE = 48

/** Finds where the first two of several results part; undefined if there are fewer than two. */
export function findDivergence(groups: readonly GroupResult[]): Divergence | undefined {
  const [a, b] = groups
  if (a === undefined || b === undefined) return undefined
  const excerpts = (excerpt: (group: GroupResult) => string): Divergence['groups'] =>
    groups.map((group) => ({ nodes: group.nodes, excerpt: excerpt(group) }))
  if (a.result.exit.kind !== b.result.exit.kind || a.result.exit.code !== b.result.exit.code) {
    return { field: 'exit', groups: excerpts(({ result }) => `${result.exit.kind} ${result.exit.code}`) }
  }
  for (const field of ['stdout', 'stderr'] as const) {
    const offset = firstDifference(a.result[field], b.result[field])
    if (offset === undefined) continue
    return { field, offset, groups: excerpts(({ result }) => excerptAt(result[field], offset)) }
  }
  return { field: 'fuel', groups: excerpts(({ result }) => String(result.fuelUsed)) }
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const size = Math.min(a.length, b.length)
  for (let index = 0; index < size; index++) if (a[index] !== b[index]) return index
  return a.length === b.length ? undefined : size
}

function excerptAt(bytes: Uint8Array, offset: number): string {
  const from = Math.max(0, offset - EXCERPT_SIZE / 2)
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(from, from + EXCERPT_SIZE)))
}
