/** Characters that mean the same with and without percent-encoding (RFC 3986, section 2.3). */
const UNRESERVED = /^[a-z0-9._~-]$/i
const ESCAPE = /%[0-9a-f]{2}/gi
/** An escape, or a stray percent sign. */
const PERCENT = /%(?:[0-9a-f]{2})?/gi
const ESCAPES_MAX = 4

/** A path of a parsed URL in the form in which paths are compared: no needless escapes, the others in upper case. */
export function canonicalUrlPath(path: string): string {
  return path.replace(PERCENT, (found) => {
    if (found === '%') return '%25'
    const character = characterOf(found)
    return UNRESERVED.test(character) ? character : found.toUpperCase()
  })
}

/**
 * The path that a lenient server may make of it: escapes of any depth undone, backslashes as slashes, parameters
 * (`;name=value`) dropped, dot segments and empty segments resolved.
 */
export function lenientUrlPath(path: string): string {
  let text = path
  for (let round = 0; round < ESCAPES_MAX; round++) {
    text = text.replace(ESCAPE, characterOf)
  }
  const segments: string[] = []
  const parts = text.replaceAll('\\', '/').split('/')
  for (const part of parts.map((each) => each.replace(/;.*$/s, ''))) {
    if (part === '..') segments.pop()
    else if (part !== '.' && part !== '') segments.push(part)
  }
  return `/${segments.join('/')}`
}

/**
 * Whether `path` is `prefix` or below it, by whole segments: `/v1` covers `/v1` and `/v1/x`, not `/v1x`. A prefix that
 * ends with a slash covers only what is below it.
 */
export function isBelowPath(prefix: string, path: string): boolean {
  if (prefix.endsWith('/')) return path.startsWith(prefix)
  return path === prefix || path.startsWith(`${prefix}/`)
}

function characterOf(escaped: string): string {
  return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
}
