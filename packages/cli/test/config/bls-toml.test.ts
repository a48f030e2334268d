import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BlsToml } from '../../src/config/bls-toml.ts'
import { agreementOf, limitsOf } from '../../src/config/bls-toml.ts'
import { parseBlsToml } from '../../src/config/read-bls-toml.ts'

function parse(toml: string | Uint8Array): BlsToml {
  return parseBlsToml('bls.toml', typeof toml === 'string' ? new TextEncoder().encode(toml) : toml)
}

const EXISTING = `
name = "hello-world"
version = "1.0.0"
type = "function"
content_type = "html"

[deployment]
permissions = ["https://example.com"]
nodes = 7

[build]
dir = "build"
entry = "debug.wasm"
command = "npm run build:debug"

[build_release]
dir = "build"
entry = "release"
command = "npm run build:release"
`

test('parseBlsToml() reads a file of an existing project', () => {
  const toml = parse(EXISTING)
  assert.equal(toml.name, 'hello-world')
  assert.deepEqual(toml.deployment?.permissions, ['https://example.com'])
  assert.deepEqual(agreementOf(toml), { kind: 'aggregate', nodes: 7, threshold: 5 })
  assert.equal(limitsOf(toml), undefined)
  assert.equal(toml.build_release?.entry, 'release')
})

test('agreementOf() and limitsOf() fill in what a file leaves out', () => {
  assert.equal(agreementOf(parse('name = "a"')), undefined)
  const of = (deployment: string): unknown => agreementOf(parse(`name = "a"\n[deployment]\n${deployment}`))
  assert.deepEqual(of('nodes = 1'), { kind: 'direct', nodes: 1, threshold: 1 })
  assert.deepEqual(of('consensus = "direct"'), { kind: 'direct', nodes: 1, threshold: 1 })
  assert.deepEqual(of('threshold = 4'), { kind: 'aggregate', nodes: 4, threshold: 4 })
  const limits = limitsOf(parse('name = "a"\n[deployment.limits]\nfuel = 1000\n'))
  assert.equal(limits?.fuel, 1_000)
  assert.equal(limits?.deadlineMs, 10_000)
})

const malformed: readonly { toml: string | Uint8Array; message: RegExp }[] = [
  { toml: 'name = ', message: /"bls\.toml", line 1: / },
  { toml: 'name = "a"\nname = "b"', message: /line 2: / },
  { toml: Uint8Array.of(0xff, 0xfe), message: /it is not UTF-8/ },
  { toml: '', message: /"name": .* expected, got nothing/ },
  { toml: 'name = "Hello World"', message: /"name": a name of a-z/ },
  { toml: 'name = 5', message: /"name": a name of a-z.* got 5/ },
  { toml: 'name = "a"\nversoin = "1"', message: /unknown key "versoin": known: name, version/ },
  { toml: 'name = "a"\n[deploymnt]\nnodes = 4', message: /unknown key "deploymnt"/ },
  { toml: 'name = "a"\n[deployment]\nnode = 4', message: /unknown key "deployment\.node": did you mean "nodes"\?/ },
  { toml: 'name = "a"\n[build]\nentry = "a"\nargs = []', message: /unknown key "build\.args"/ },
  { toml: 'name = "a"\ntype = "site"', message: /type "site" is not offered yet/ },
  { toml: 'name = "a"\ntype = "lambda"', message: /"type": one of "function", "site"/ },
  { toml: 'name = "a"\ncontent_type = "xml"', message: /"content_type": one of/ },
  { toml: 'name = "a"\n[deployment]\nnodes = 0', message: /"deployment\.nodes": a whole number from 1 to 64/ },
  { toml: 'name = "a"\n[deployment]\nnodes = 4.5', message: /"deployment\.nodes": a whole number/ },
  {
    toml: 'name = "a"\n[deployment]\nconsensus = "raft"',
    message: /"deployment\.consensus": one of "direct", "aggregate"/,
  },
  { toml: 'name = "a"\n[deployment]\npermissions = "x"', message: /"deployment\.permissions": a list/ },
  {
    toml: 'name = "a"\n[deployment]\npermissions = ["https://a.example/", "https://user@b.example/"]',
    message: /"deployment\.permissions\[1\]": a permission: a URL without a user/,
  },
  { toml: 'name = "a"\n[deployment.limits]\nfuel = -1', message: /"deployment\.limits\.fuel"/ },
  { toml: 'name = "a"\n[build]\ndir = "../x"\nentry = "a"', message: /"build\.dir": a path inside the project/ },
  { toml: 'name = "a"\n[build]\nentry = "/etc/passwd"', message: /"build\.entry": a file inside/ },
  { toml: 'name = "a"\n[build]\ncommand = "make"', message: /"build\.entry": .* got nothing/ },
  { toml: 'name = 1979-05-27T07:32:00Z', message: /"name"/ },
]
for (const { toml, message } of malformed) {
  test(`parseBlsToml() refuses ${JSON.stringify(String(toml))}`, () => {
    assert.throws(() => parse(toml), { code: 'ERR_CONFIG', message })
  })
}
