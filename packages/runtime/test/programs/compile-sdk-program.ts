import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ASC = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'))
const WASI_CONFIG = fileURLToPath(import.meta.resolve('@assemblyscript/wasi-shim/asconfig.json'))
const SDK_EXAMPLES = fileURLToPath(new URL('examples', import.meta.resolve('@blockless/sdk/package.json')))
/** Where the compiler finds the SDK, and `as-wasi`, which the SDK's examples use. */
const PACKAGES = fileURLToPath(new URL('..', import.meta.resolve('as-wasi/package.json')))

/** Compiles a program that uses the existing AssemblyScript SDK, in the way its own examples are. */
export async function compileSdkProgram(source: string): Promise<Uint8Array> {
  return await compile(async (folder) => {
    await writeFile(join(folder, 'program.ts'), source)
    return 'program.ts'
  })
}

/** Compiles an example of the existing AssemblyScript SDK as it is in its package. @param name - such as `ipfs` */
export async function compileSdkExample(name: string): Promise<Uint8Array> {
  return await compile(async (folder) => relative(folder, join(SDK_EXAMPLES, `${name}.ts`)))
}

async function compile(entryIn: (folder: string) => Promise<string>): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'blockless-runtime-'))
  try {
    const entry = await entryIn(folder)
    const config = { extends: relative(folder, WASI_CONFIG), targets: { release: {} } }
    await writeFile(join(folder, 'asconfig.json'), JSON.stringify(config))
    const args = [ASC, entry, '--outFile', 'program.wasm', '-O1', '--target', 'release', '--path', PACKAGES]
    await promisify(execFile)(process.execPath, args, { cwd: folder })
    return await readFile(join(folder, 'program.wasm'))
  } finally {
    await rm(folder, { recursive: true })
  }
}
