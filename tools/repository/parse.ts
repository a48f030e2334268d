import { parseSync } from 'oxc-parser'

/** `from`, `import()` and `import('x').T` all name a module. */
export interface ModuleReference {
  specifier: string
  line: number
  /** offsets of the quoted specifier in the text, quotes included */
  start: number
  end: number
}

/** A comment with its delimiters cut off. */
export interface Comment {
  kind: 'Line' | 'Block'
  text: string
  line: number
  start: number
  end: number
}

/** A function, method or accessor with a body. */
export interface FunctionExtent {
  name: string
  line: number
  lineCount: number
}

/** An exported declaration (not a re-export). */
export interface ExportedDeclaration {
  names: string[]
  line: number
  start: number
}

/** What the checks need to know of a TypeScript or JavaScript file. */
export interface SourceFile {
  text: string
  references: ModuleReference[]
  comments: Comment[]
  functions: FunctionExtent[]
  exported: ExportedDeclaration[]
  /** offset of the first statement, or the length of the text */
  codeStart: number
}

interface AstNode {
  type: string
  start: number
  end: number
  [key: string]: unknown
}

const NAMED_HOLDERS: ReadonlySet<string> = new Set([
  'VariableDeclarator',
  'MethodDefinition',
  'PropertyDefinition',
  'Property',
  'FunctionDeclaration',
])

/**
 * Parses a source file.
 *
 * @param path - decides the dialect by its suffix
 * @throws {SyntaxError} if the text is not valid
 */
export function parseSource(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text)
  const lineOf = createLineIndex(text)
  const failure = errors.find((error) => error.severity === 'Error')
  if (failure !== undefined) {
    throw new SyntaxError(`${path}:${lineOf(failure.labels[0]?.start ?? 0)}: ${failure.message}`)
  }
  const source: SourceFile = {
    text,
    references: [],
    comments: comments.map(({ type, value, start, end }) => ({
      kind: type,
      text: value,
      line: lineOf(start),
      start,
      end,
    })),
    functions: [],
    exported: [],
    codeStart: program.body[0]?.start ?? text.length,
  }
  visit(program as unknown as AstNode, undefined, (node, parent) => collect(node, parent, lineOf, source))
  return source
}

function collect(node: AstNode, parent: AstNode | undefined, lineOf: LineIndex, into: SourceFile): void {
  const target = node['source']
  if (isNode(target) && target.type === 'Literal' && typeof target['value'] === 'string') {
    into.references.push({
      specifier: target['value'],
      line: lineOf(target.start),
      start: target.start,
      end: target.end,
    })
  }
  const hasBody = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)
  if (hasBody && isNode(node['body'])) {
    const line = lineOf(node.start)
    into.functions.push({ name: nameOf(node, parent), line, lineCount: lineOf(node.end) - line + 1 })
  }
  if (node.type === 'ExportNamedDeclaration' && isNode(node['declaration'])) {
    into.exported.push({ names: declaredNames(node['declaration']), line: lineOf(node.start), start: node.start })
  }
}

function nameOf(node: AstNode, parent: AstNode | undefined): string {
  const holder = isNode(node['id']) ? node : parent !== undefined && NAMED_HOLDERS.has(parent.type) ? parent : undefined
  const name = holder?.['id'] ?? holder?.['key']
  return isNode(name) && typeof name['name'] === 'string' ? name['name'] : 'anonymous function'
}

function declaredNames(declaration: AstNode): string[] {
  const list = Array.isArray(declaration['declarations']) ? declaration['declarations'] : [declaration]
  return list.filter(isNode).flatMap((item) => {
    const id = item['id']
    return isNode(id) && typeof id['name'] === 'string' ? [id['name']] : []
  })
}

function visit(
  node: AstNode,
  parent: AstNode | undefined,
  onNode: (node: AstNode, parent: AstNode | undefined) => void,
): void {
  onNode(node, parent)
  for (const value of Object.values(node)) {
    if (isNode(value)) visit(value, node, onNode)
    if (Array.isArray(value)) for (const item of value) if (isNode(item)) visit(item, node, onNode)
  }
}

function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

type LineIndex = (offset: number) => number

/** Maps offsets to 1-based lines. */
function createLineIndex(text: string): LineIndex {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}
