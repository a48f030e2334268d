/** One word, number or identifier. */
export interface Atom {
  readonly kind: 'atom'
  readonly text: string
  readonly start: number
  readonly end: number
  readonly line: number
}

/** A string, with its escapes resolved; it need not be UTF-8. */
export interface Text {
  readonly kind: 'string'
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly start: number
  readonly end: number
  readonly line: number
}

/** Everything between two parentheses; `[start, end)` includes them. */
export interface List {
  readonly kind: 'list'
  readonly items: readonly Expression[]
  readonly start: number
  readonly end: number
  readonly line: number
}

/** What a script is made of. */
export type Expression = Atom | Text | List

/** A script that cannot be read, with the line where that shows. */
export class ScriptError extends Error {
  readonly line: number
  constructor(line: number, problem: string) {
    super(`Cannot read script: line ${line}, ${problem}`)
    this.line = line
  }
}

/** Characters of a script: the largest of the official suite has 2 million. */
const SCRIPT_SIZE_MAX = 32 * 1024 * 1024
const ATOM = /[^\s()";]+|;(?!;)/y
const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, '"': 34, "'": 39, '\\': 92 }

/**
 * Parses the outermost lists of a script. Comments and annotations (`(@name ...)`) are left out.
 *
 * @param source - in the S-expression syntax of the text format, at most 32 Mi characters
 * @throws {ScriptError} if parentheses, strings or comments do not match up
 */
export function parseExpressions(source: string): List[] {
  if (source.length > SCRIPT_SIZE_MAX) throw new ScriptError(1, `it has more than ${SCRIPT_SIZE_MAX} characters`)
  return new Parser(source).parse()
}

interface OpenList {
  readonly items: Expression[]
  readonly start: number
  readonly line: number
}

class Parser {
  readonly #source: string
  readonly #top: List[] = []
  readonly #open: OpenList[] = []
  #at = 0
  #line = 1

  constructor(source: string) {
    this.#source = source
  }

  parse(): List[] {
    const source = this.#source
    while (this.#at < source.length) {
      const character = source[this.#at] as string
      if (character === '\n') this.#line++
      if (/\s/.test(character)) this.#at++
      else if (source.startsWith(';;', this.#at)) this.#skipLineComment()
      else if (source.startsWith('(;', this.#at)) this.#skipBlockComment()
      else if (character === '(') this.#openList()
      else if (character === ')') this.#closeList()
      else if (character === '"') this.#add(this.#string())
      else this.#add(this.#atom())
    }
    const unclosed = this.#open.at(-1)
    if (unclosed !== undefined) throw new ScriptError(unclosed.line, 'its "(" is never closed')
    return this.#top
  }

  #skipLineComment(): void {
    const end = this.#source.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#source.length : end
  }

  #skipBlockComment(): void {
    const line = this.#line
    let depth = 0
    do {
      if (this.#at >= this.#source.length) throw new ScriptError(line, 'its "(;" is never closed')
      const isOpening = this.#source.startsWith('(;', this.#at)
      const isClosing = this.#source.startsWith(';)', this.#at)
      if (this.#source[this.#at] === '\n') this.#line++
      depth += isOpening ? 1 : isClosing ? -1 : 0
      this.#at += isOpening || isClosing ? 2 : 1
    } while (depth > 0)
  }

  #openList(): void {
    this.#open.push({ items: [], start: this.#at++, line: this.#line })
  }

  #closeList(): void {
    const open = this.#open.pop()
    if (open === undefined) throw new ScriptError(this.#line, 'there is a ")" too many')
    this.#at++
    const [head] = open.items
    if (head?.kind === 'atom' && head.text.startsWith('@')) return
    const list: List = { kind: 'list', ...open, end: this.#at }
    const parent = this.#open.at(-1)
    if (parent === undefined) this.#top.push(list)
    else parent.items.push(list)
  }

  #add(expression: Atom | Text): void {
    const parent = this.#open.at(-1)
    if (parent === undefined) throw new ScriptError(expression.line, 'something stands outside of parentheses')
    parent.items.push(expression)
  }

  #atom(): Atom {
    ATOM.lastIndex = this.#at
    const text = ATOM.exec(this.#source)?.[0]
    if (text === undefined) throw new ScriptError(this.#line, `"${this.#source[this.#at]}" is not expected`)
    const start = this.#at
    this.#at += text.length
    // Identifiers can be written as strings: $"any name".
    if ((text === '$' || text === '@') && this.#source[this.#at] === '"') {
      const name = new TextDecoder().decode(this.#string().bytes)
      return { kind: 'atom', text: text + name, start, end: this.#at, line: this.#line }
    }
    return { kind: 'atom', text, start, end: this.#at, line: this.#line }
  }

  #string(): Text {
    const start = this.#at++
    const line = this.#line
    const bytes: number[] = []
    const encoder = new TextEncoder()
    for (;;) {
      const character = this.#source[this.#at]
      if (character === undefined || character === '\n') throw new ScriptError(line, 'its string is never closed')
      if (character === '"') break
      if (character === '\\') {
        this.#escape(bytes)
        continue
      }
      const code = this.#source.codePointAt(this.#at) as number
      if (code < 0x80) bytes.push(code)
      else bytes.push(...encoder.encode(String.fromCodePoint(code)))
      this.#at += code > 0xffff ? 2 : 1
    }
    this.#at++
    return { kind: 'string', bytes: Uint8Array.from(bytes), start, end: this.#at, line }
  }

  #escape(bytes: number[]): void {
    const rest = this.#source.slice(this.#at + 1, this.#at + 14)
    const hex = /^[0-9a-fA-F]{2}/.exec(rest)?.[0]
    const unicode = /^u\{([0-9a-fA-F_]{1,8})\}/.exec(rest)
    const simple = ESCAPES[rest[0] ?? '']
    if (hex !== undefined) {
      bytes.push(Number.parseInt(hex, 16))
      this.#at += 3
    } else if (unicode !== null) {
      const code = Number.parseInt((unicode[1] as string).replaceAll('_', ''), 16)
      if (code > 0x10ffff) throw new ScriptError(this.#line, `"\\u{${unicode[1]}}" is no character`)
      bytes.push(...new TextEncoder().encode(String.fromCodePoint(code)))
      this.#at += 1 + unicode[0].length
    } else if (simple !== undefined) {
      bytes.push(simple)
      this.#at += 2
    } else {
      throw new ScriptError(this.#line, `"\\${rest[0] ?? ''}" is no escape`)
    }
  }
}
