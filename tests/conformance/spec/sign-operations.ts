import type { ModuleSource } from './parse-script.ts'
import { type Expression, parseExpressions } from './s-expression.ts'

const SIGN_OPERATION = /\.(?:neg|copysign)$/

/**
 * Whether an exported function changes signs. `neg` and `copysign` move bits, so that a NaN after them may have either sign,
 * the same one on every machine.
 *
 * @returns false as well if the module is no text, or names the export apart from the function
 */
export function changesSigns(source: ModuleSource, field: string): boolean {
  if (source.kind !== 'text') return false
  const fields = parseExpressions(source.text)[0]?.items ?? []
  return fields.some((func) => isExportedAs(func, field) && contains(func, SIGN_OPERATION))
}

function isExportedAs(func: Expression, field: string): boolean {
  if (func.kind !== 'list') return false
  return func.items.some((item) => {
    if (item.kind !== 'list') return false
    const [head, name] = item.items
    return head?.kind === 'atom' && head.text === 'export' && name?.kind === 'string' && decode(name.bytes) === field
  })
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function contains(expression: Expression, pattern: RegExp): boolean {
  if (expression.kind === 'list') return expression.items.some((item) => contains(item, pattern))
  return expression.kind === 'atom' && pattern.test(expression.text)
}
