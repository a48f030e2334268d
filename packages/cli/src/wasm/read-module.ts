import { extname } from 'node:path'
import { MODULE_SIZE_MAX } from '../defaults.ts'
import { CliError } from '../errors/cli-error.ts'
import { readFileBounded } from '../io/read-files.ts'

/**
 * Reads a module from a file; WebAssembly text (`.wat`) is compiled.
 *
 * @throws {FileError} if the file cannot be read
 * @throws {CliError} ERR_MODULE if text does not compile, with the line
 */
export async function readModule(path: string): Promise<Uint8Array> {
  const content = await readFileBounded(path, MODULE_SIZE_MAX)
  return extname(path) === '.wat' ? await compileWat(path, content) : content
}

/** What wabt leaves out unless it is asked, and functions may have. */
const FEATURES = { exceptions: true, threads: true }

async function compileWat(path: string, content: Uint8Array): Promise<Uint8Array> {
  const { default: createWabt } = await import('wabt') // 2 MB of compiler that other commands do not need
  const wabt = await createWabt()
  try {
    const module = wabt.parseWat(path, new TextDecoder().decode(content), FEATURES)
    // it takes the features too, which its types do not say
    const validator: { validate(features: object): void } = module
    try {
      validator.validate(FEATURES)
      return module.toBinary({}).buffer
    } finally {
      module.destroy()
    }
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('ERR_MODULE', `Cannot compile "${path}": ${problem.trim()}`, { path }, { cause })
  }
}
