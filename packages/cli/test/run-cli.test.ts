import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bls } from './support/test-io.ts'

const io = { cwd: '/' }

test('bls without a command prints its help and exits as wrong usage', async () => {
  const { exitCode, stdout } = await bls(io)
  assert.equal(exitCode, 2)
  for (const name of ['init', 'build', 'run', 'deploy', 'invoke', 'verify', 'explain', 'status', 'up']) {
    assert.match(stdout, new RegExp(`^  ${name} `, 'm'))
  }
})

test('bls --help, --version and help of a command exit with 0', async () => {
  for (const args of [
    ['--help'],
    ['--version'],
    ['help'],
    ['help', 'verify'],
    ['verify', '--help'],
    ['help', 'exit-codes'],
  ]) {
    const { exitCode, stdout, stderr } = await bls(io, ...args)
    assert.equal(exitCode, 0, args.join(' '))
    assert.notEqual(stdout, '')
    assert.equal(stderr, '')
  }
  assert.match((await bls(io, 'verify', '--help')).stdout, /Examples:\n {2}\$ bls verify/)
})

const wrong: readonly { args: readonly string[]; message: RegExp }[] = [
  { args: ['verfy'], message: /unknown command 'verfy'\n\(Did you mean verify\?\)/ },
  { args: ['help', 'nothing'], message: /unknown command 'nothing'/ },
  { args: ['status', '--jsn'], message: /unknown option '--jsn'\n\(Did you mean --json\?\)/ },
  { args: ['verify'], message: /missing required argument 'receipt'/ },
  { args: ['invoke', 'x', '--env', 'A'], message: /--env "A": KEY=VALUE is needed/ },
  { args: ['invoke', 'x', '--fuel', '-1'], message: /--fuel "-1": a whole number/ },
  { args: ['invoke', 'x', '--memory', '5 cows'], message: /--memory "5 cows": a size such as/ },
  { args: ['invoke', 'x', '--deadline', '1h'], message: /--deadline "1h": a duration/ },
  { args: ['status', '--gateway', 'localhost:8380'], message: /"localhost:8380" \(--gateway\): it is not an http/ },
  { args: ['verify', 'x', '--function', 'hello'], message: /--function "hello": it is not a CID/ },
]
for (const { args, message } of wrong) {
  test(`bls ${args.join(' ')} is wrong usage`, async () => {
    const { exitCode, stdout, stderr } = await bls(io, ...args)
    assert.equal(exitCode, 2)
    assert.match(stderr, message)
    assert.match(stderr, /^code: ERR_USAGE$/m)
    assert.equal(stdout, '')
  })
}

test('errors are one line of JSON on stderr with --json', async () => {
  const { stdout, stderr } = await bls(io, 'invoke', 'x', '--json', '--fuel', 'many')
  assert.equal(stdout, '')
  const { error } = JSON.parse(stderr) as { error: { code: string; message: string; details: object } }
  assert.equal(error.code, 'ERR_USAGE')
  assert.match(error.message, /--fuel "many"/)
})

test('a stack is printed only with --debug', async () => {
  assert.doesNotMatch((await bls(io, 'invoke', 'x', '--fuel', 'many')).stderr, /\n {4}at /)
  assert.match((await bls(io, 'invoke', 'x', '--fuel', 'many', '--debug')).stderr, /\n {4}at /)
})

test('colours are for terminals, and not for those who refuse them', async () => {
  const isColoured = (text: string): boolean => text.includes('\u001b[31m')
  assert.equal(isColoured((await bls(io, 'verfy')).stderr), false)
  assert.equal(isColoured((await bls({ ...io, isTty: true }, 'verfy')).stderr), true)
  assert.equal(isColoured((await bls({ ...io, isTty: true, env: { NO_COLOR: '1' } }, 'verfy')).stderr), false)
})
