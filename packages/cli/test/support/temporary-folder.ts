import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder that is gone at the end of the test. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
  /** Writes a file, and the folders above it. @returns its absolute path */
  write(name: string, content: string | Uint8Array): Promise<string>
}

/** Makes a fresh folder. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'bls-cli-')))
  return {
    path,
    async write(name, content) {
      const file = join(path, name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, content)
      return file
    },
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }),
  }
}
