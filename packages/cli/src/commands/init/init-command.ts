import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FUNCTION_NAME } from '@blockless/core'
import { FileError, UsageError } from '../../errors/cli-error.ts'
import { EXIT_CODES } from '../../exit-codes.ts'
import type { Io } from '../../io/io.ts'
import { styleFor } from '../../io/style.ts'
import { type AddCommand, type CommonOptions, createCommand } from '../command.ts'
import { resolvePath } from '../options.ts'

interface InitFlags extends CommonOptions {
  readonly name?: string
  readonly template: string
}

const TEMPLATES: readonly string[] = ['assemblyscript']
/** Ends the names of a template's files, so that no tool takes them for its own. */
const SUFFIX = '.template'
/** A file that cannot have its real name inside this repository. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' }

/** `bls init`: makes a project. */
export const addInitCommand: AddCommand = (program, io, finish) => {
  const command = createCommand('init', 'make a project for a function', [
    'bls init my-function',
    'bls init . --name hello --template assemblyscript',
  ])
    .argument('[folder]', 'where; it is made if it is not there, and has to be empty', '.')
    .option('--name <name>', 'name of the function: a-z, 0-9 and inner hyphens; the default is that of the folder')
    .option('--template <name>', `what to start from: ${TEMPLATES.join(', ')}`, 'assemblyscript')
    .action(async (folder: string, flags: InitFlags) => finish(await initAction(io, folder, flags)))
  program.addCommand(command)
}

async function initAction(io: Io, given: string, { name: wanted, template, json }: InitFlags): Promise<number> {
  const folder = resolvePath(io, given)
  if (!TEMPLATES.includes(template)) {
    throw new UsageError(`Cannot use template "${template}": there is no such one`, `there is ${TEMPLATES.join(', ')}`)
  }
  const name = wanted ?? nameOf(folder)
  if (!FUNCTION_NAME.test(name)) {
    throw new UsageError(
      `Cannot name the function "${name}": a-z, 0-9 and inner hyphens are needed`,
      'give it with --name',
    )
  }
  await refuseUnlessEmpty(folder)
  const files = await copyTemplate(template, folder, name)
  if (json === true) io.stdout.write(`${JSON.stringify({ name, folder, files })}\n`)
  else printNext(io, { name, folder, files })
  return EXIT_CODES.ok
}

/** A folder's name as a function's: `My Function` becomes `my-function`. */
function nameOf(folder: string): string {
  const words = basename(folder)
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return words
    .filter((word) => word !== '')
    .join('-')
    .slice(0, 63)
}

async function refuseUnlessEmpty(folder: string): Promise<void> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return
    throw new FileError('use', folder, cause)
  }
  if (names.length === 0 || (names.length === 1 && names[0] === '.git')) return
  const message = `Cannot make a project in "${folder}": it is not empty (${names.slice(0, 3).join(', ')}…)`
  throw new UsageError(message.replace(names.length > 3 ? '' : '…', ''), 'name a folder that does not exist yet')
}

async function copyTemplate(template: string, folder: string, name: string): Promise<string[]> {
  const root = fileURLToPath(new URL(`../../../templates/${template}`, import.meta.url))
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const sources = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const targets = new Map(sources.map((source) => [targetOf(relative(root, source)), source]))
  const files = [...targets.keys()].sort()
  for (const file of files) {
    const source = targets.get(file) ?? ''
    const content = (await readFile(source, 'utf8')).replaceAll('{{name}}', name)
    try {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      // Never over a file that appeared since the folder was looked at.
      await writeFile(join(folder, file), content, { flag: 'wx' })
    } catch (cause) {
      throw new FileError('write', join(folder, file), cause)
    }
  }
  return files
}

function targetOf(source: string): string {
  const plain = source.slice(0, -SUFFIX.length)
  return RENAMED[plain] ?? plain
}

interface Project {
  readonly name: string
  readonly folder: string
  readonly files: readonly string[]
}

function printNext(io: Io, { name, folder, files }: Project): void {
  const style = styleFor(io, io.stdout)
  const at = relative(io.cwd, folder)
  const steps = [
    ...(at === '' ? [] : [`cd ${/\s/.test(at) ? JSON.stringify(at) : at}`]),
    'npm install',
    'bls run . Ada',
    'bls up',
    'bls deploy',
  ]
  io.stdout.write(`${style.green('✓')} Made ${style.bold(name)} in ${folder}\n`)
  io.stdout.write(files.map((file) => `    ${style.dim(file)}\n`).join(''))
  io.stdout.write(`\nNext:\n${steps.map((step) => `    ${step}\n`).join('')}`)
}
