import type { Denial } from '@blockless/runtime'

/** What a run was denied, and what to do about it. */
export interface DenialAdvice {
  /** The rule, or the service, that is missing. */
  readonly missing: string
  /** What helps, in a sentence without a capital. */
  readonly hint: string
  /** The flag that would allow it, as it would be given. */
  readonly flag?: string
}

const MISSING_RULE = /^"(?<rule>.*)" in the \w+'s "(?<list>\w+)"$/s
const DENYING_RULE = /^no "(?<rule>.*)" in the/s

/** Which flag would allow what was denied. */
export function adviseOn({ status, missing }: Denial): DenialAdvice {
  if (status === 'unavailable') return { missing, hint: 'services of a node are given with --operator' }
  const denying = DENYING_RULE.exec(missing)?.groups?.['rule']
  if (denying !== undefined) {
    return { missing: `"${denying}" is denied`, hint: "a flag --deny-… or the operator's file says so" }
  }
  const { rule, list } = MISSING_RULE.exec(missing)?.groups ?? {}
  if (rule === undefined) return { missing, hint: 'see --help for what may be allowed' }
  const flag = list === 'allowPrivate' ? `--allow-private ${quoted(rule)}` : flagOf(rule)
  return { missing: rule, hint: `allow it with ${flag}`, flag }
}

/** Files and hosts have flags that the existing runtime knows; all else is an entry. */
function flagOf(rule: string): string {
  const [kind = '', ...rest] = rule.split(':')
  if (kind === 'read' || kind === 'write') return `--allow-${kind}=${quoted(rest.join(':'))}`
  return `--permission ${quoted(rule)}`
}

function quoted(text: string): string {
  return /^[\w./:@%+,[\]-]+$/.test(text) && !text.includes('[') ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
