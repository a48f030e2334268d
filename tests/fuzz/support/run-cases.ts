import { caseSeed, Dice } from './dice.ts'
import type { FuzzTarget, Subject, Verdict } from './target.ts'

/** An input that failed. */
export interface Failure {
  readonly index: number
  readonly input: Uint8Array
  readonly problem: string
}

/** What one input came to. */
export interface CaseResult {
  readonly verdict: string
  readonly ms: number
  readonly problem: string | undefined
}

/** The input of one case. */
export function makeInput(subject: Subject, seed: number, index: number): Uint8Array {
  return subject.generate(new Dice(caseSeed(seed, index)))
}

/** Before an input is called slow it is measured so often, since the machine has other work too. */
const MEASUREMENTS = 3

/** Checks one input, several times if it is slow. */
export async function runCase(target: FuzzTarget, subject: Subject, input: Uint8Array): Promise<CaseResult> {
  let best = await measure(subject, input)
  for (let count = 1; count < MEASUREMENTS && best.ms > target.slowMs; count++) {
    const again = await measure(subject, input)
    if (again.ms < best.ms) best = again
  }
  const isSlow = best.ms > target.slowMs
  const problem = best.verdict.failure ?? (isSlow ? `took ${best.ms.toFixed(0)} ms` : undefined)
  return { verdict: isSlow ? 'slow' : best.verdict.name, ms: best.ms, problem }
}

async function measure(subject: Subject, input: Uint8Array): Promise<{ verdict: Verdict; ms: number }> {
  const start = performance.now()
  let verdict: Verdict
  try {
    verdict = await subject.check(input)
  } catch (error) {
    verdict = { name: 'crashed', failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  return { verdict, ms: performance.now() - start }
}
