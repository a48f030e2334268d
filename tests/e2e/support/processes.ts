import { readdirSync, readFileSync } from 'node:fs'

/** All processes below one, as Linux tells; empty elsewhere. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of listProcesses()) {
    const parent = parentOf(Number(name))
    if (parent !== undefined) parents.set(Number(name), parent)
  }
  const found: number[] = []
  for (let wave = [pid]; wave.length > 0; ) {
    wave = [...parents].filter(([, parent]) => wave.includes(parent)).map(([child]) => child)
    found.push(...wave)
  }
  return found
}

function listProcesses(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

function parentOf(pid: number): number | undefined {
  try {
    // The name in parentheses may itself hold spaces and parentheses.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
    return fields?.[0] === 'Z' ? undefined : Number(fields?.[1])
  } catch {
    return undefined
  }
}
