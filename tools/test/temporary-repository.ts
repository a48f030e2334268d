import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A directory with given files that is removed at the end of its scope. */
export interface TemporaryRepository extends Disposable {
  root: string
  write(files: RepositoryFiles): void
}

/** Content by path; what is not text is written as JSON. */
export type RepositoryFiles = Readonly<Record<string, string | object>>

/** Creates a repository in the system's directory for temporary files. */
export function createRepository(files: RepositoryFiles): TemporaryRepository {
  const root = mkdtempSync(join(tmpdir(), 'blockless-tools-'))
  const write = (more: RepositoryFiles): void => {
    for (const [path, content] of Object.entries(more)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
    }
  }
  write(files)
  return { root, write, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}
