import { type Atom, type Expression, type List, parseExpressions, ScriptError, type Text } from './s-expression.ts'
import { type Pattern, parsePattern, parseValue, type Value } from './value.ts'

/** A module as a script holds it. */
export type ModuleSource =
  /** in the text format; `isQuoted` if the script has it in strings, since it is about the text */
  | { readonly kind: 'text'; readonly text: string; readonly isQuoted: boolean }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array<ArrayBuffer> }

/** Something that a script does with an instance, the last one if it names none. */
export interface Action {
  readonly kind: 'invoke' | 'get'
  readonly instance: string | undefined
  readonly field: string
  readonly args: readonly Value[]
}

/** One command of a script; `line` is where it starts. */
export type Command = { readonly line: number } & (
  | { readonly kind: 'module'; readonly name: string | undefined; readonly source: ModuleSource }
  | { readonly kind: 'definition'; readonly name: string | undefined; readonly source: ModuleSource }
  | { readonly kind: 'instance'; readonly name: string | undefined; readonly definition: string | undefined }
  | { readonly kind: 'register'; readonly as: string; readonly instance: string | undefined }
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'assert_return'; readonly action: Action; readonly expected: readonly Pattern[] }
  | { readonly kind: ActionAssertion; readonly action: Action; readonly message: string }
  | { readonly kind: ModuleAssertion; readonly source: ModuleSource; readonly message: string }
  | { readonly kind: 'unsupported'; readonly keyword: string }
)

/** Assertions about how an action ends. */
export type ActionAssertion = 'assert_trap' | 'assert_exhaustion' | 'assert_exception'
/** Assertions about why there is no instance of a module. */
export type ModuleAssertion = 'assert_malformed' | 'assert_invalid' | 'assert_unlinkable' | 'assert_uninstantiable'

/** Commands of threads and of scripts about custom sections of the text, which are skipped by name. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'thread',
  'wait',
  'assert_malformed_custom',
  'assert_invalid_custom',
  'script',
  'input',
  'output',
])
const MODULE_FIELDS: ReadonlySet<string> = new Set(
  'type rec import func table memory global export start elem data tag'.split(' '),
)

/**
 * Parses a script of the WebAssembly specification's test suite.
 *
 * @param source - the contents of a `.wast` file
 * @throws {ScriptError} if it is malformed; the text of modules is not looked at
 * @see https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
 */
export function parseScript(source: string): Command[] {
  const lists = parseExpressions(source)
  const [first] = lists
  if (first !== undefined && lists.every((list) => MODULE_FIELDS.has(keywordOf(list)))) {
    const text = `(module ${source.slice(first.start, lists.at(-1)?.end)})`
    return [{ kind: 'module', line: first.line, name: undefined, source: { kind: 'text', text, isQuoted: false } }]
  }
  return lists.map((list) => parseCommand(list, source))
}

function parseCommand(list: List, source: string): Command {
  const { line } = list
  const keyword = keywordOf(list)
  const [, subject, ...rest] = list.items
  if (UNSUPPORTED.has(keyword)) return { kind: 'unsupported', line, keyword }
  switch (keyword) {
    case 'module':
      return parseModuleCommand(list, source)
    case 'register':
      return { kind: 'register', line, as: decode(text(subject, line)), instance: identifier(rest[0]) }
    case 'invoke':
    case 'get':
      return { kind: 'action', line, action: parseAction(list) }
    case 'assert_return':
      return { kind: keyword, line, action: parseAction(asList(subject, line)), expected: rest.map(parsePattern) }
    case 'assert_trap':
    case 'assert_exhaustion':
    case 'assert_exception': {
      const message = rest[0] === undefined ? '' : decode(text(rest[0], line))
      const inner = asList(subject, line)
      if (keywordOf(inner) !== 'module') return { kind: keyword, line, action: parseAction(inner), message }
      return { kind: 'assert_uninstantiable', line, source: parseModule(inner, source).source, message }
    }
    case 'assert_malformed':
    case 'assert_invalid':
    case 'assert_unlinkable':
    case 'assert_uninstantiable': {
      const inner = parseModule(asList(subject, line), source)
      return { kind: keyword, line, source: inner.source, message: decode(text(rest[0], line)) }
    }
    default:
      throw new ScriptError(line, `"${keyword}" is no command`)
  }
}

function parseModuleCommand(list: List, source: string): Command {
  const { line } = list
  const [, kind, ...rest] = list.items
  if (isWord(kind, 'instance')) {
    return { kind: 'instance', line, name: identifier(rest[0]), definition: identifier(rest[1]) }
  }
  return { line, ...parseModule(list, source) }
}

function parseModule(
  list: List,
  source: string,
): { kind: 'module' | 'definition'; name: string | undefined; source: ModuleSource } {
  if (keywordOf(list) !== 'module') throw new ScriptError(list.line, 'a module is needed')
  let items = list.items.slice(1)
  const kind = isWord(items[0], 'definition') ? 'definition' : 'module'
  if (kind === 'definition') items = items.slice(1)
  const name = identifier(items[0])
  if (name !== undefined) items = items.slice(1)
  if (isWord(items[0], 'binary')) return { kind, name, source: { kind: 'binary', bytes: joined(items.slice(1)) } }
  if (isWord(items[0], 'quote')) {
    const quoted = new TextDecoder().decode(joined(items.slice(1)))
    // A quoted module can be whole or only its fields.
    const whole = /^\s*\(\s*module\b/.test(quoted) ? quoted : `(module ${quoted})`
    return { kind, name, source: { kind: 'text', text: whole, isQuoted: true } }
  }
  const fields = items[0] === undefined ? ')' : source.slice(items[0].start, list.end)
  return { kind, name, source: { kind: 'text', text: `(module ${fields}`, isQuoted: false } }
}

function parseAction(list: List): Action {
  const kind = keywordOf(list)
  if (kind !== 'invoke' && kind !== 'get') throw new ScriptError(list.line, 'an invoke or a get is needed')
  const instance = identifier(list.items[1])
  const [field, ...args] = list.items.slice(instance === undefined ? 1 : 2)
  return { kind, instance, field: decode(text(field, list.line)), args: args.map(parseValue) }
}

function keywordOf(list: List): string {
  const [head] = list.items
  return head?.kind === 'atom' ? head.text : ''
}

function isWord(expression: Expression | undefined, word: string): expression is Atom {
  return expression?.kind === 'atom' && expression.text === word
}

function identifier(expression: Expression | undefined): string | undefined {
  return expression?.kind === 'atom' && expression.text.startsWith('$') ? expression.text : undefined
}

function asList(expression: Expression | undefined, line: number): List {
  if (expression?.kind !== 'list') throw new ScriptError(line, 'a list is needed')
  return expression
}

function text(expression: Expression | undefined, line: number): Text {
  if (expression?.kind !== 'string') throw new ScriptError(line, 'a string is needed')
  return expression
}

function decode({ bytes }: Text): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

function joined(expressions: readonly Expression[]): Uint8Array<ArrayBuffer> {
  const parts = expressions.map((expression) => text(expression, expression.line).bytes)
  return new Uint8Array(Buffer.concat(parts))
}
