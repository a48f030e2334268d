import assert from 'node:assert/strict'
import type { HostAnswer } from '../../../src/host-call/host-call.ts'
import type { SessionBench } from '../session-bench.ts'

/** A name and a value of a command. */
export type Argument = readonly [name: string, value: string | number | boolean]

/** Options of a command, as existing programs write them. */
export const optionsOf = (api: string, ...args: Argument[]): string =>
  JSON.stringify({ api, args: args.map(([name, value]) => ({ name, value })) })

/** Makes a command and reads all that it answers. */
export async function command(
  session: SessionBench,
  api: string,
  ...args: Argument[]
): Promise<{ status: string; code: unknown; text: string }> {
  const { status, fields } = await session.call('ipfs.command', { options: optionsOf(api, ...args) })
  if (status !== 'ok') return { status, code: undefined, text: '' }
  const text = Buffer.from(await session.readAll('ipfs.read', fields.handle)).toString()
  await session.call('ipfs.close', { handle: Number(fields.handle) })
  return { status, code: fields.code, text }
}

/** Writes a file in the way of existing programs: the command, one write, one read. */
export async function writeFile(
  session: SessionBench,
  path: string,
  text: string,
  ...args: Argument[]
): Promise<HostAnswer> {
  const options = optionsOf('files/write', ['arg', path], ['create', true], ['parents', true], ...args)
  const { fields } = await session.call('ipfs.command', { options })
  const handle = Number(fields.handle)
  const written = await session.call('ipfs.write', { handle }, Buffer.from(text))
  assert.deepEqual(written, { status: 'ok', fields: { written: text.length }, bytes: new Uint8Array() })
  const end = await session.call('ipfs.read', { handle, size: 10 })
  await session.call('ipfs.close', { handle })
  return end
}

/** Everything that a program does with files, on any server that has Kubo's API. */
export async function runFilesScenario(session: SessionBench): Promise<void> {
  assert.equal((await command(session, 'files/mkdir', ['arg', '/a/b'], ['parents', 'true'])).code, 200)
  assert.equal((await writeFile(session, '/a/b/text', 'hello world')).status, 'ok')
  assert.equal((await command(session, 'files/read', ['arg', '/a/b/text'])).text, 'hello world')
  const part = await command(session, 'files/read', ['arg', '/a/b/text'], ['offset', 6], ['count', '3'])
  assert.equal(part.text, 'wor')
  assert.equal((await writeFile(session, '/a/b/text', 'W', ['offset', '6'])).status, 'ok')
  assert.equal((await command(session, 'files/cp', ['arg', '/a/b/text'], ['arg', '/copy'])).code, 200)
  assert.equal((await command(session, 'files/read', ['arg', '/copy'])).text, 'hello World')
  const stat = JSON.parse((await command(session, 'files/stat', ['arg', '/copy'])).text)
  assert.deepEqual([stat.Size, stat.Type], [11, 'file'])
  const list = JSON.parse((await command(session, 'files/ls', ['args', '/a'])).text)
  assert.deepEqual(
    list.Entries.map((entry: { Name: string }) => entry.Name),
    ['b'],
  )
  assert.equal((await command(session, 'files/rm', ['arg', '/a'], ['recursive', 'true'])).code, 200)
  const root = JSON.parse((await command(session, 'files/ls')).text)
  assert.deepEqual(
    root.Entries.map((entry: { Name: string }) => entry.Name),
    ['copy'],
  )
}
