import type { Transcript } from '@blockless/core'
import { decodeAnswer } from './host-call.ts'

/** Something that a run was not allowed, or that is not offered where it ran. */
export interface Denial {
  readonly status: 'denied' | 'unavailable'
  /** What would allow it, in the words of a manifest or of the operator's configuration. */
  readonly missing: string
}

/** Denials that are told apart; a run that tries more has a pattern. */
const DENIALS_MAX = 32

/** What a run was denied, each once, in order; at most 32. */
export function denialsOf(transcript: Transcript): readonly Denial[] {
  const denials = new Map<string, Denial>()
  for (const { answer } of transcript) {
    const { status, fields } = decodeAnswer(answer)
    const missing = fields['missing']
    if ((status !== 'denied' && status !== 'unavailable') || typeof missing !== 'string') continue
    if (denials.size < DENIALS_MAX) denials.set(`${status} ${missing}`, { status, missing })
  }
  return [...denials.values()]
}
