import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const TYPES: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** Bare names that the verifier's modules import, and where a bundler would find them for a browser. */
const PACKAGES = [
  '@ipld/dag-cbor',
  '@noble/hashes/sha2.js',
  '@noble/hashes/utils.js',
  'cborg',
  'multiformats/bases/base58',
  'multiformats/cid',
  'multiformats/hashes/digest',
  'uint8array-tools',
] as const

const SECP256K1 = '/node_modules/tiny-secp256k1/lib'

/** As the README of `@blockless/core` gives it: browsers cannot import WebAssembly as a module yet. */
const SECP256K1_LOADER = `
  import * as rand from '${SECP256K1}/rand.browser.js'
  import * as errors from '${SECP256K1}/validate_error.js'
  const imports = { './rand.js': rand, './validate_error.js': errors }
  const { instance } = await WebAssembly.instantiateStreaming(fetch('${SECP256K1}/secp256k1.wasm'), imports)
  export default instance.exports
`

/** Serves the repository's modules to a browser, types stripped, and one page. */
export async function serveModules(page: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const found = path === '/' ? { type: 'text/html', body: html(page) } : await readModule(path)
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': found?.type ?? 'text/plain' })
    response.end(found?.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function html(script: string): string {
  const imports = {
    ...Object.fromEntries(PACKAGES.map((name) => [name, pathOf(import.meta.resolve(name))])),
    '@blockless/core': '/packages/core/src/index.ts',
    '#sha256': '/packages/core/src/platform/sha256-browser.ts',
    '#ecdsa': '/packages/core/src/platform/ecdsa-wasm.ts',
    'tiny-secp256k1': `${SECP256K1}/index.js`,
    [`${SECP256K1}/wasm_loader.js`]: '/secp256k1-loader.js',
  }
  return `<!doctype html><meta charset="utf-8"><script type="importmap">${JSON.stringify({ imports })}</script>
    <pre id="result">waiting</pre><script type="module">${script}</script>`
}

async function readModule(path: string): Promise<{ type: string; body: string | Buffer } | undefined> {
  if (path === '/secp256k1-loader.js') return { type: 'text/javascript', body: SECP256K1_LOADER }
  const type = TYPES[extname(path)]
  if (type === undefined || path.includes('..')) return undefined
  try {
    const content = await readFile(join(ROOT, path))
    return { type, body: extname(path) === '.ts' ? stripTypeScriptTypes(content.toString()) : content }
  } catch {
    return undefined
  }
}

function pathOf(url: string): string {
  return `/${fileURLToPath(url).slice(ROOT.length)}`
}
