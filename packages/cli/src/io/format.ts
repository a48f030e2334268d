const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const

/** Bytes for people: `27.1 KiB`. */
export function formatSize(size: number): string {
  let value = size
  let unit = 0
  while (value >= 1_024 && unit < UNITS.length - 1) {
    value /= 1_024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}

/** Milliseconds for people: `0.12 ms`, `14.2 ms`, `3.2 s`. */
export function formatMs(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${ms.toFixed(ms < 10 ? 2 : 1)} ms`
}

/** A count with its thousands apart: `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** The recognisable part of a node id: its first eight characters are the same for all. */
export function shortNode(nodeId: string): string {
  return nodeId.length <= 16 ? nodeId : `…${nodeId.slice(-8)}`
}

/** Columns of a table, two spaces apart; lengths are counted without colours. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, visibleLength(cell))
  }
  const lines = rows.map((row) =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - visibleLength(cell)))
      .join('  ')
      .trimEnd(),
  )
  return lines.map((line) => `${line}\n`).join('')
}

function visibleLength(text: string): number {
  // Each colour is ESC, "[", digits, "m".
  return [...text.replaceAll(/\p{Cc}\[[0-9;]*m/gu, '')].length
}
