import { describeOutcome, type Outcome } from './outcome.ts'
import type { Command } from './parse-script.ts'
import { changesSigns } from './sign-operations.ts'
import { formatPattern, matches, type Value } from './value.ts'

/** What V8 says where the specification's scripts say the words on the left. */
const TRAPS: readonly (readonly [words: string, engine: RegExp])[] = [
  ['unreachable', /^unreachable$/],
  ['integer divide by zero', /by zero$/],
  ['integer overflow', /unrepresentable/],
  ['invalid conversion to integer', /unrepresentable/],
  ['out of bounds memory access', /out of bounds/],
  ['out of bounds table access', /out of bounds/],
  ['undefined element', /table index is out of bounds/],
  ['uninitialized element', /function signature mismatch|dereferencing a null/],
  ['indirect call type mismatch', /function signature mismatch/],
  ['unaligned atomic', /unaligned/],
  ['null', /dereferencing a null/],
]

/**
 * Why a command did not end as its script says; undefined if it did.
 *
 * @param hasCanonicalNan - NaN results have to be the canonical one
 */
export function judge(command: Command, outcome: Outcome, hasCanonicalNan: boolean): string | undefined {
  const wanted = wantedEnd(command)
  const got = describeOutcome(outcome)
  if (outcome.kind !== wanted) return `wanted ${WORDS[wanted]}, got ${got}`
  switch (command.kind) {
    case 'assert_return': {
      const values = outcome.kind === 'values' ? outcome.values : []
      const { expected, action } = command
      const isSame = (isStrict: boolean): boolean =>
        values.length === expected.length &&
        expected.every((pattern, index) => matches(pattern, values[index] as Value, isStrict))
      const source = outcome.kind === 'values' ? outcome.source : undefined
      const mayChangeSigns = (): boolean => source !== undefined && changesSigns(source, action.field)
      return isSame(hasCanonicalNan) || (hasCanonicalNan && mayChangeSigns() && isSame(false))
        ? undefined
        : `wanted (${expected.map(formatPattern).join(' ')}), got ${got}`
    }
    case 'assert_trap':
    case 'assert_uninstantiable': {
      const message = outcome.kind === 'trap' ? outcome.message : ''
      const known = TRAPS.find(([words]) => command.message.startsWith(words))
      return known === undefined || known[1].test(message) ? undefined : `wanted "${command.message}", got ${got}`
    }
    default:
      return undefined
  }
}

const WORDS: Readonly<Record<Outcome['kind'], string>> = {
  values: 'results',
  trap: 'a trap',
  exhaustion: 'an exhausted call stack',
  exception: 'an exception',
  instance: 'an instance',
  unlinkable: 'a link error',
  refused: 'a refusal',
  skipped: 'nothing',
}

function wantedEnd(command: Command): Outcome['kind'] {
  switch (command.kind) {
    case 'action':
    case 'assert_return':
      return 'values'
    case 'assert_trap':
    case 'assert_uninstantiable':
      return 'trap'
    case 'assert_exhaustion':
      return 'exhaustion'
    case 'assert_exception':
      return 'exception'
    case 'assert_malformed':
    case 'assert_invalid':
      return 'refused'
    case 'assert_unlinkable':
      return 'unlinkable'
    default:
      return 'instance'
  }
}

/** What a rewritten module did otherwise than the one it was made from; undefined if nothing. */
export function difference(command: Command, plain: Outcome, rewritten: Outcome): string | undefined {
  if (plain.kind === 'trap' && rewritten.kind === 'trap' && plain.message !== rewritten.message) {
    return `traps with "${rewritten.message}", with "${plain.message}" before rewriting`
  }
  if (rewritten.kind === 'refused' && rewritten.byEngine) {
    return `instrument() accepts it, and what it makes of it is refused by the engine: ${rewritten.message}`
  }
  if (command.kind !== 'action' || plain.kind !== 'values' || rewritten.kind !== 'values') return undefined
  const isSame = plain.values.every((value, index) => isSameResult(value, rewritten.values[index] as Value))
  return isSame ? undefined : `gives ${describeOutcome(rewritten)}, and before rewriting ${describeOutcome(plain)}`
}

/** What two rewritings of a module counted differently; undefined where one of them does not promise an exact count. */
export function fuelDifference(one: Outcome, other: Outcome): string | undefined {
  const fuel = 'fuel' in one ? one.fuel : undefined
  const otherFuel = 'fuel' in other ? other.fuel : undefined
  if (fuel === undefined || otherFuel === undefined || fuel === otherFuel) return undefined
  return `used ${otherFuel} units of fuel, ${fuel} in the fast rewriting`
}

/** Results of an action that the script asks nothing of; where both are NaN the engine may choose the payload. */
function isSameResult(left: Value, right: Value): boolean {
  if (left.type === 'ref' || right.type === 'ref' || left.type === 'v128') return left.type === right.type
  return left.bits === right.bits || (isNan(left) && isNan(right))
}

function isNan(value: Value): boolean {
  if (value.type === 'f32') return (value.bits & 0x7fff_ffffn) > 0x7f80_0000n
  return value.type === 'f64' && (value.bits & 0x7fff_ffff_ffff_ffffn) > 0x7ff0_0000_0000_0000n
}
