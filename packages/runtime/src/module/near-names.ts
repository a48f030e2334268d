const NEAR_COUNT = 3
const LENGTH_MAX = 64

/** The names most like `name`, best first, at most three; for messages about a name that nobody knows. */
export function nearNames(name: string, known: readonly string[]): string[] {
  const wanted = name.slice(0, LENGTH_MAX)
  return known
    .map((other) => ({ other, distance: editDistance(wanted, other.slice(0, LENGTH_MAX)) }))
    .filter(({ other, distance }) => distance <= Math.max(2, Math.ceil(other.length / 3)))
    .sort((a, b) => a.distance - b.distance || (a.other < b.other ? -1 : 1))
    .slice(0, NEAR_COUNT)
    .map(({ other }) => other)
}

/** Levenshtein distance, row by row. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
