/** Arrays and objects inside each other: options and tool calls have a few; far below what exhausts a stack. */
const DEPTH_MAX = 64

const OPENING: readonly string[] = ['{', '[']
const CLOSING: readonly string[] = ['}', ']']

/**
 * The value of a JSON text that a guest or a server wrote.
 *
 * @returns undefined if it is none, or nested deeper than 64
 */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether a value is a JSON object. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Counts brackets outside of strings; text that is no JSON may be counted wrongly, and is then no JSON all the same. */
function isTooDeep(text: string): boolean {
  let depth = 0
  let isString = false
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    if (isString) {
      if (character === '\\') index++
      else if (character === '"') isString = false
    } else if (character === '"') isString = true
    else if (OPENING.includes(character)) {
      if (++depth > DEPTH_MAX) return true
    } else if (CLOSING.includes(character)) depth--
  }
  return false
}
