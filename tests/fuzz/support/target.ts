import type { Dice } from './dice.ts'

/** What became of one input. */
export interface Verdict {
  /** what to count it as, such as `accepted` */
  readonly name: string
  /** what is wrong, if anything is */
  readonly failure?: string
}

/** What inputs are made of and put through; made once per run. */
export interface Subject {
  /** Makes an input; the same dice give the same input. */
  generate(dice: Dice): Uint8Array
  /** Puts an input through what is tested. Whatever it throws is a failure. */
  check(input: Uint8Array): Verdict | Promise<Verdict>
}

/** One target of `npm run fuzz`: what `tests/fuzz/<name>/target.ts` exports as `target`. */
export interface FuzzTarget {
  /** inputs of a run that names no number and no time */
  readonly runs: number
  /** an input that takes longer is a failure */
  readonly slowMs: number
  /** ending of the files that failing inputs are written to, with the dot */
  readonly extension: string
  /** @param corpus - a folder with more inputs to start from, if the user has one */
  create(corpus: string | undefined): Promise<Subject>
}
