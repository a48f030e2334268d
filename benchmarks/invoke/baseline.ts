import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WASI } from 'node:wasi'

/**
 * The least that serves a WASI function over HTTP in Node: one process, one fresh instance per request by node:wasi,
 * output through a file, no metering, no isolation, no second node, no signature.
 */
export async function startBaseline(wasm: Uint8Array): Promise<AsyncDisposable & { readonly url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'bls-baseline-'))
  const module = await WebAssembly.compile(wasm as BufferSource)
  const server = createServer((request, response) => {
    const [path = '/', query = ''] = (request.url ?? '/').split('?')
    response.end(run(module, join(folder, 'stdout'), { path, query, method: request.method ?? 'GET' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true })
    },
  }
}

function run(
  module: WebAssembly.Module,
  path: string,
  request: { path: string; query: string; method: string },
): Buffer {
  const stdout = openSync(path, 'w')
  try {
    const env = {
      BLS_REQUEST_METHOD: request.method,
      BLS_REQUEST_PATH: request.path,
      BLS_REQUEST_QUERY: request.query,
      BLS_REQUEST_HEADERS: '{}',
      BLS_REQUEST_BODY: '',
    }
    const wasi = new WASI({ version: 'preview1', args: ['hello'], env, stdout, returnOnExit: true })
    wasi.start(new WebAssembly.Instance(module, wasi.getImportObject() as WebAssembly.Imports))
  } finally {
    closeSync(stdout)
  }
  return readFileSync(path)
}
