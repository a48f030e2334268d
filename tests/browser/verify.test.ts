import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { serveModules } from './support/module-server.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--virtual-time-budget=30000', // dump the page once nothing is left to do
]

test('verify() accepts a receipt in a browser, and refuses it changed', async (t) => {
  if (!existsSync(CHROMIUM)) return t.skip(`no browser at ${CHROMIUM}; set CHROMIUM to one`)
  const vector = new URL('../conformance/vectors/receipt.json', import.meta.url)
  const { bytes } = JSON.parse(await readFile(vector, 'utf8')) as { readonly bytes: string }
  const page = `
    const show = (value) => { document.getElementById('result').textContent = JSON.stringify(value); document.title = 'done' }
    try {
      const { fromHex, verify } = await import('@blockless/core')
      const bytes = fromHex('${bytes}')
      const whole = verify(bytes)
      bytes[bytes.length - 1] ^= 1
      show({ whole: whole.ok, changed: verify(bytes).ok })
    } catch (error) { show({ error: String(error) }) }
  `
  await using server = await serveModules(page)
  const profile = await mkdtemp(join(tmpdir(), 'bls-browser-'))
  try {
    const args = [...FLAGS, `--user-data-dir=${profile}`, '--dump-dom', server.url]
    const { stdout } = await promisify(execFile)(CHROMIUM, args, { timeout: 60_000 })
    const result = JSON.parse(/<pre id="result">(.*?)<\/pre>/s.exec(stdout)?.[1] ?? '{}')
    assert.equal(result.whole, true, stdout)
    assert.equal(result.changed, false)
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
})
