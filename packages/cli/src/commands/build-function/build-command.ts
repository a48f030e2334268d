import { EXIT_CODES } from '../../exit-codes.ts'
import { formatSize, formatTable } from '../../io/format.ts'
import type { Io } from '../../io/io.ts'
import { withProgress } from '../../io/progress.ts'
import { safeText, styleFor } from '../../io/style.ts'
import type { CommonOptions } from '../command.ts'
import { type AddCommand, createCommand } from '../command.ts'
import { resolvePath } from '../options.ts'
import { type BuiltFunction, buildFunction } from './build-function.ts'
import { BuildError } from './run-command.ts'

interface BuildFlags extends CommonOptions {
  readonly release?: boolean
}

/** `bls build`: compiles a project's function and checks it. */
export const addBuildCommand: AddCommand = (program, io, finish) => {
  const command = createCommand('build', 'compile the function of a project, and check that the network would run it', [
    'bls build',
    'bls build examples/hello --release',
  ])
    .argument('[folder]', 'the project, with its bls.toml', '.')
    .option('--release', 'as [build_release] of bls.toml says; without it, or with --debug, as [build] says')
    .action(async (folder: string, flags: BuildFlags) => finish(await buildAction(io, folder, flags)))
  program.addCommand(command)
}

async function buildAction(io: Io, folder: string, { release = false, json = false }: BuildFlags): Promise<number> {
  const built = await buildShowing(io, resolvePath(io, folder), { release, isJson: json })
  const { manifest, wasm, functionCid, buildFolder } = built
  if (json) {
    const summary = { name: manifest.name, functionCid: functionCid.toString(), sizeBytes: wasm.length, buildFolder }
    io.stdout.write(`${JSON.stringify(summary)}\n`)
    return EXIT_CODES.ok
  }
  const style = styleFor(io, io.stdout)
  const rows = [
    [style.green('✓'), `Built ${style.bold(manifest.name)}`],
    ['', `size    ${formatSize(wasm.length)}`],
    ['', `CID     ${functionCid.toString()}`],
    ['', `folder  ${buildFolder}`],
  ]
  io.stdout.write(formatTable(rows))
  return EXIT_CODES.ok
}

/** Builds with a spinner; what the compiler said goes to stderr if it failed. */
export async function buildShowing(
  io: Io,
  folder: string,
  { release, isJson }: { readonly release: boolean; readonly isJson: boolean },
): Promise<BuiltFunction> {
  try {
    return await withProgress(io, { text: 'Building', isQuiet: isJson }, async (onProgress) =>
      buildFunction(folder, { release, signal: io.signal, onProgress, env: io.env }),
    )
  } catch (error) {
    if (error instanceof BuildError && !isJson) io.stderr.write(`${safeText(error.details.output).trimEnd()}\n\n`)
    throw error
  }
}
