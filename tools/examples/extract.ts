import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { listFiles } from '../repository/files.ts'
import { parseSource } from '../repository/parse.ts'

/** Code of a fence that is marked `ts` and nothing else; `ts ignore` is for code that cannot stand alone. */
export interface Example {
  /** relative to the root, with forward slashes */
  file: string
  /** 1-based line of the opening fence */
  line: number
  code: string
}

/** Examples in the docstrings of packages/*\/src and in README.md files, in the order of files and lines. */
export function findExamples(root: string): Example[] {
  return listFiles(root).flatMap((file) => {
    if (/^packages\/[^/]+\/src\/.*\.ts$/.test(file)) return extractFromSource(file, read(root, file))
    return /(^|\/)README\.md$/.test(file) ? extractFromMarkdown(file, read(root, file)) : []
  })
}

/** Examples in the docstrings of a source file. */
export function extractFromSource(file: string, text: string): Example[] {
  if (!text.includes('```ts')) return []
  return parseSource(file, text).comments.flatMap((comment) => {
    if (comment.kind !== 'Block' || !comment.text.startsWith('*')) return []
    const lines = comment.text.split('\n').map((line) => line.replace(/^\s*\* ?/, ''))
    return extractFences(file, lines, comment.line)
  })
}

/** Examples in a Markdown file. */
export function extractFromMarkdown(file: string, text: string): Example[] {
  return extractFences(file, text.split('\n'), 1)
}

function extractFences(file: string, lines: readonly string[], firstLine: number): Example[] {
  const examples: Example[] = []
  let open: { language: string; indent: number; index: number } | undefined
  for (const [index, line] of lines.entries()) {
    const fence = /^(\s*)```(.*)$/.exec(line)
    if (fence === null) continue
    if (open === undefined) {
      open = { language: fence[2]?.trim() ?? '', indent: fence[1]?.length ?? 0, index }
      continue
    }
    if (open.language === 'ts') {
      const { indent } = open
      const code = lines.slice(open.index + 1, index).map((each) => each.slice(Math.min(indent, leadingSpace(each))))
      examples.push({ file, line: firstLine + open.index, code: code.join('\n') })
    }
    open = undefined
  }
  if (open !== undefined) {
    throw new SyntaxError(`${file}:${firstLine + open.index}: the fence is never closed`)
  }
  return examples
}

function leadingSpace(line: string): number {
  return line.length - line.trimStart().length
}

/**
 * An example as a module. Its line 2 is the example's first line, so line `n` of the module is line
 * `example.line + n - 1` of the file. Relative imports are taken from the example's file.
 *
 * @throws {SyntaxError} if the example does not parse
 */
export function toModule(example: Example, root: string): string {
  const { references } = parseSource(`${example.file}.ts`, example.code)
  const home = pathToFileURL(join(root, dirname(example.file), '/'))
  let code = example.code
  for (const { specifier, start, end } of [...references].sort((a, b) => b.start - a.start)) {
    if (!specifier.startsWith('.')) continue
    code = code.slice(0, start) + JSON.stringify(new URL(specifier, home).pathname) + code.slice(end)
  }
  const hasAssert = references.some(({ specifier }) => specifier === 'node:assert/strict')
  return `${hasAssert ? 'export {}' : "import assert from 'node:assert/strict'"}\n${code}\n`
}

function read(root: string, file: string): string {
  return readFileSync(join(root, file), 'utf8')
}
