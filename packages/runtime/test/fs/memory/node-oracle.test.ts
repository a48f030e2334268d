import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { FILE_TYPE } from '../../../src/fs/file-system.ts'
import type { MemoryDirectory } from '../../../src/fs/memory/memory-directory.ts'
import { createTree, errnoOf, openFile, PLAIN } from './tree-bench.ts'

const BYTES_MAX = 100_000n

interface Step {
  readonly kind: 'mkdir' | 'rmdir' | 'unlink' | 'write' | 'truncate' | 'rename' | 'link' | 'create'
  readonly path: string
  readonly to: string
  readonly at: number
  readonly text: string
}

/** Errors are those of Linux; other systems differ in words that WASI does not have. */
const isComparable = process.platform === 'linux'

const name = fc.constantFrom('a', 'b', 'c')
const path = fc
  .tuple(
    fc.array(fc.oneof({ weight: 5, arbitrary: name }, fc.constant('.')), { minLength: 1, maxLength: 3 }),
    fc.nat(9),
  )
  .map(([names, end]) => `${names.join('/')}${end === 0 ? '/' : ''}`)
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('mkdir', 'mkdir', 'rmdir', 'unlink', 'write', 'truncate', 'rename', 'link', 'create'),
  path,
  to: path,
  at: fc.nat(20),
  text: fc.string({ maxLength: 10 }),
})

/** The same step on a folder of this machine; answers the error's name. */
function onDisk(folder: string, { kind, path, to, at, text }: Step): string {
  const full = (relative: string): string => `${folder}/${relative}`
  try {
    if (kind === 'mkdir') fs.mkdirSync(full(path))
    else if (kind === 'rmdir') fs.rmdirSync(full(path))
    else if (kind === 'unlink') fs.unlinkSync(full(path))
    else if (kind === 'rename') fs.renameSync(full(path), full(to))
    else if (kind === 'link') fs.linkSync(full(path), full(to))
    else if (kind === 'truncate') fs.truncateSync(full(path), at)
    else {
      const flags = kind === 'create' ? fs.constants.O_CREAT | fs.constants.O_EXCL : fs.constants.O_CREAT
      const file = fs.openSync(full(path), flags | fs.constants.O_RDWR)
      fs.writeSync(file, text, at)
      fs.closeSync(file)
    }
    return 'success'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code).slice(1).toLowerCase() : String(error)
  }
}

function inMemory(root: MemoryDirectory, { kind, path, to, at, text }: Step): string {
  return errnoOf(() => {
    if (kind === 'mkdir') return root.createDirectory(path)
    if (kind === 'rmdir') return root.removeDirectory(path)
    if (kind === 'unlink') return root.unlink(path)
    if (kind === 'rename') return root.rename(path, root, to)
    if (kind === 'link') return root.link(path, false, root, to)
    const file = openFile(root, path, { write: true, create: kind !== 'truncate', exclusive: kind === 'create' })
    if (kind === 'truncate') file.setSize(BigInt(at))
    else file.write(BigInt(at), new TextEncoder().encode(text))
    return file.close()
  })
}

function listDisk(folder: string): unknown[] {
  return fs.readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const full = join(folder, entry.name)
    return entry.isDirectory()
      ? [entry.name, listDisk(full)]
      : [entry.name, fs.readFileSync(full, 'latin1'), fs.statSync(full).nlink]
  })
}

function listMemory(root: MemoryDirectory): unknown[] {
  return root
    .list()
    .slice(2)
    .map(({ name, type }) => {
      if (type === FILE_TYPE.directory) return [name, listMemory(root.open(name, PLAIN) as MemoryDirectory)]
      const file = openFile(root, name)
      const text = Buffer.from(file.read(0n, 1000)).toString('latin1')
      file.close()
      return [name, text, Number(root.statAt(name, false).links)]
    })
}

function removeAll(root: MemoryDirectory): void {
  for (const { name, type } of root.list().slice(2)) {
    if (type !== FILE_TYPE.directory) root.unlink(name)
    else {
      removeAll(root.open(name, PLAIN) as MemoryDirectory)
      root.removeDirectory(name)
    }
  }
}

test('a tree in memory does what a folder of this machine does', { skip: !isComparable }, () => {
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'memory-oracle-'))
    try {
      const { root } = createTree({ bytesMax: Number(BYTES_MAX) })
      for (const each of steps) {
        assert.equal(inMemory(root, each), onDisk(folder, each), `${each.kind} ${each.path} ${each.to}`)
      }
      assert.deepEqual(listMemory(root), listDisk(folder))
      removeAll(root)
      openFile(root, 'all', { create: true }).setSize(BYTES_MAX)
      assert.equal(
        errnoOf(() => root.symlink('x', 'more')),
        'nospc',
        'every byte was given back, and none twice',
      )
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })
  fc.assert(property, { numRuns: Number(process.env['ORACLE_RUNS'] ?? 100) })
})
