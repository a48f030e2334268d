import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFileLayer } from '@blockless/runtime'
import { requestOf, startExecutor, textOf } from '../run-helpers.ts'
import { compileSdkProgram } from './compile-sdk-program.ts'

const PROGRAM = `
  import { Console, FileSystem } from "as-wasi/assembly"

  function show(name: string): void {
    const file = FileSystem.open(name, "r")
    Console.log(name + ": " + (file === null ? "none" : file.readString()!))
  }

  show("given.txt")
  FileSystem.mkdir("made")
  const file = FileSystem.open("made/notes.txt", "w+")!
  file.writeString("one, ")
  file.writeString("two")
  file.close()
  FileSystem.link("made/notes.txt", "again.txt")
  FileSystem.symlink("again.txt", "linked.txt")
  FileSystem.unlink("made/notes.txt")
  show("linked.txt")
  show("made/notes.txt")
  Console.log("removed " + FileSystem.rmdir("made").toString())
  Console.log("new " + (FileSystem.open("again.txt", "wx") === null).toString())
`

test('a program of AssemblyScript finds, makes, links and removes files with as-wasi', async () => {
  await using executor = await startExecutor()
  await executor.prepare('files', await compileSdkProgram(PROGRAM))
  const files = encodeFileLayer([{ path: 'given.txt', bytes: new TextEncoder().encode('from the package') }])
  const report = await executor.run({ ...requestOf('files'), mounts: [{ kind: 'memory', path: '/', files }] })
  assert.equal(textOf(report.stderr), '')
  assert.deepEqual(textOf(report.stdout).trimEnd().split('\n'), [
    'given.txt: from the package',
    'linked.txt: one, two',
    'made/notes.txt: none',
    'removed true',
    'new true',
  ])
})
