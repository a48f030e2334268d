import type { Extension, ExtensionCheck, InstalledDriver, Registry } from '@blockless/runtime'
import { formatSize, formatTable } from '../../io/format.ts'
import type { Io } from '../../io/io.ts'
import { safeLine, styleFor } from '../../io/style.ts'

/** Characters of a hash that tell one from another. */
const SHORT_HASH = 16

/** Says what was installed, and what a manifest needs to use it. */
export function printAdded(io: Io, added: Extension | InstalledDriver): void {
  const style = styleFor(io, io.stdout)
  const rows = 'alias' in added ? rowsOfExtension(added) : rowsOfDriver(added)
  const facts = [
    ['file', `${safeLine(added.fileName)}, ${formatSize(added.size)}`],
    ['sha256', added.sha256],
  ]
  const all = [...rows, ...facts].map(([label = '', value = '']) => [style.dim(label), value])
  const permission = 'alias' in added ? `exec:${added.alias}` : `driver:${added.scheme}`
  const next = `Functions may use it once their manifest and the operator's rules have "${permission}".`
  io.stdout.write(`${formatTable(all)}\n${next}\n`)
}

function rowsOfExtension({ alias, description, envs }: Extension): string[][] {
  return [
    ['extension', alias],
    ['description', description === '' ? '–' : safeLine(description)],
    ['variables', envs.length === 0 ? 'none' : envs.join(' ')],
  ]
}

function rowsOfDriver({ scheme, kind }: InstalledDriver): string[][] {
  return [
    ['driver', `${scheme}:`],
    ['kind', kind],
  ]
}

/** Lists what is installed. */
export function printRegistry(io: Io, { extensions, drivers }: Pick<Registry, 'extensions' | 'drivers'>): void {
  const style = styleFor(io, io.stdout)
  if (extensions.length + drivers.length === 0) {
    io.stdout.write('Nothing is installed; "bls extension add" installs a program or a driver.\n')
    return
  }
  const head = ['NAME', 'KIND', 'SHA-256', 'SIZE', 'FILE', 'DESCRIPTION'].map(style.dim)
  const rows = [
    ...extensions.map((each) => [each.alias, 'extension', ...factsOf(each), safeLine(each.description)]),
    ...drivers.map((each) => [`${each.scheme}:`, `driver, ${each.kind}`, ...factsOf(each), '']),
  ]
  io.stdout.write(formatTable([head, ...rows]))
}

function factsOf({ sha256, size, fileName }: Extension | InstalledDriver): string[] {
  return [sha256.slice(0, SHORT_HASH), formatSize(size), safeLine(fileName)]
}

/** One line per entry: ✓ can be used, ✗ cannot, and why. */
export function printChecks(io: Io, checks: readonly ExtensionCheck[]): void {
  const style = styleFor(io, io.stdout)
  if (checks.length === 0) io.stdout.write('Nothing is installed.\n')
  const rows = checks.map(({ name, sha256, problem }) => [
    problem === undefined ? style.green('✓') : style.red('✗'),
    name,
    problem === undefined ? sha256.slice(0, SHORT_HASH) : safeLine(problem.message),
  ])
  io.stdout.write(formatTable(rows))
}
