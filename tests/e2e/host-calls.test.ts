import assert from 'node:assert/strict'
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bls, type RunningUp, startUp, tempFolder } from './support/bls.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A function as people write them for the existing network, against its SDK. */
const SOURCE = `import { CommandLine, Console } from 'as-wasi/assembly'
import { http, memory } from '@blockless/sdk/assembly'

const stdin = new memory.Stdin().read().toJSON()
const name = stdin == null ? '' : stdin.get('name')!.toString()
const handle = http.HttpOpen(CommandLine.all[1], new http.HttpOptions('GET'))
if (handle == null) Console.log('refused')
else {
  Console.log(name + ': ' + handle!.getHeader('x-greeting')! + ' ' + handle!.getAllBody()!)
  handle!.close()
}
`

describe('a deployed function that reaches the world', () => {
  const owned = new AsyncDisposableStack()
  let up: RunningUp
  let project: string
  let origin: string
  const paths: (string | undefined)[] = []

  before(async () => {
    const server = createServer((request, response) => {
      paths.push(request.url)
      response.setHeader('x-greeting', 'hello')
      response.end(`from ${request.url}`)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    owned.defer(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const folder = owned.use(await tempFolder())
    project = join(folder.path, 'caller')
    const { code, stderr } = await bls(['init', project])
    assert.equal(code, 0, stderr)
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules')) // as `npm install` would leave it
    await writeFile(join(project, 'assembly/index.ts'), SOURCE)
    const toml = await readFile(join(project, 'bls.toml'), 'utf8')
    const permissions = `permissions = ["${origin}/open"]`
    await writeFile(join(project, 'bls.toml'), toml.replace('[deployment]', `[deployment]\n${permissions}`))
    up = owned.use(await startUp(join(folder.path, 'state'), ['--allow-private', new URL(origin).host]))
    const deployed = await bls(['deploy', '--gateway', up.ready.url, '--json'], { cwd: project })
    assert.equal(deployed.code, 0, deployed.stderr)
  })
  after(async () => await owned.disposeAsync())

  async function invoke(path: string): Promise<string> {
    const args = ['invoke', 'caller', `${origin}${path}`, '--stdin', '{"name":"Ada"}', '--gateway', up.ready.url]
    const file = join(project, 'receipt.json')
    const { code, stdout, stderr } = await bls([...args, '--receipt', file])
    assert.equal(code, 0, stderr)
    const verified = await bls(['verify', file])
    assert.equal(verified.code, 0, verified.stdout + verified.stderr)
    return stdout
  }

  test('is answered where its manifest and the operator allow it, on every node', async () => {
    assert.equal(await invoke('/open/door?a=1'), 'Ada: hello from /open/door?a=1\n')
    assert.deepEqual(
      paths.splice(0),
      Array.from({ length: 4 }, () => '/open/door?a=1'),
    )
    const receipt = JSON.parse(await readFile(join(project, 'receipt.json'), 'utf8'))
    assert.equal(receipt.votes.length, 4)
    const transcripts = receipt.votes.map(({ transcriptHash }: { transcriptHash: string }) => transcriptHash)
    assert.ok(
      transcripts.every((hash: string) => !/^0*$/.test(hash)),
      `${transcripts}`,
    )
  })

  test('is refused elsewhere, and nothing is sent', async () => {
    assert.equal(await invoke('/closed'), 'refused\n')
    assert.deepEqual(paths, [])
  })
})
