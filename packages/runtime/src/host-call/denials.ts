import type { Transcript } from '@blockless/core'
import { decodeAnswer } from './host-call.ts'

/** Something that a run was not allowed, or that is not offered where it ran. */
export interface Denial {
  readonly status: 'denied' | 'unavailable'
  /** What would allow it, in the words of a manifest or of the operator's configuration. */
  readonly missing: string
}

/** Statuses of answers that name what is missing. */
const STATUSES: ReadonlyMap<string, Denial['status']> = new Map([
  ['denied', 'denied'],
  ['address', 'denied'],
  ['unavailable', 'unavailable'],
  ['unknown-model', 'unavailable'],
])
/** Denials that are told apart; a run that tries more has a pattern. */
const DENIALS_MAX = 32

/** What a run was denied, each once, in order; at most 32. */
export function denialsOf(transcript: Transcript): readonly Denial[] {
  const denials = new Map<string, Denial>()
  for (const { answer } of transcript) {
    const { status: word, fields } = decodeAnswer(answer)
    const missing = fields['missing']
    const status = STATUSES.get(word)
    if (status === undefined || typeof missing !== 'string') continue
    if (denials.size < DENIALS_MAX) denials.set(`${status} ${missing}`, { status, missing })
  }
  return [...denials.values()]
}
