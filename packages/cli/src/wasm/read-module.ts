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

async function compileWat(path: string, content: Uint8Array): Promise<Uint8Array> {
  const { default: createWabt } = await import('wabt') // 2 MB of compiler that other commands do not need
  const wabt = await createWabt()
  try {
    const module = wabt.parseWat(path, new TextDecoder().decode(content))
    try {
      module.validate()
      return module.toBinary({}).buffer
    } finally {
      module.destroy()
    }
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('ERR_MODULE', `Cannot compile "${path}": ${problem.trim()}`, { path }, { cause })
  }
}
