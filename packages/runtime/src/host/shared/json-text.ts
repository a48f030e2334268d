/** Arrays and objects inside each other: options and tool calls have a few; far below what exhausts a stack. */
const DEPTH_MAX = 64

/** Bytes of memory that values may take, as estimated below: a guest's thread has 256 MB, and a text of 20 MB can ask for more. */
const VALUES_SIZE_MAX = 100_663_296

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPENING_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

/**
 * The value of a JSON text that a guest or a server wrote.
 *
 * @returns undefined if it is none, nested deeper than 64, or would take about 100 MB or more
 */
export function parseJson(text: string): unknown {
  if (isTooMuch(text)) return undefined
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

/**
 * Counts what stands outside of strings; text that is no JSON may be counted wrongly, and is then no JSON all the same.
 * Each number below is about what V8 allocates for it, at least for the small ones.
 */
function isTooMuch(text: string): boolean {
  let depth = 0
  let size = 0
  let isString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (isString) {
      if (code === BACKSLASH) index++
      else if (code === QUOTE) isString = false
      continue
    }
    switch (code) {
      case QUOTE:
        isString = true
        size += 32
        break
      case OPENING_BRACE:
      case OPENING_BRACKET:
        depth++
        size += 64
        break
      case CLOSING_BRACE:
      case CLOSING_BRACKET:
        depth--
        break
      case COLON:
        size += 64
        break
      case COMMA:
        size += 16
        break
      default:
    }
    if (depth > DEPTH_MAX || size > VALUES_SIZE_MAX) return true
  }
  return false
}
