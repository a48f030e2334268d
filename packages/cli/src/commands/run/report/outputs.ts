import type { Io, Sink } from '../../../io/io.ts'
import { OutputFile } from '../../../io/output-file.ts'
import { resolvePath } from '../../options.ts'
import type { LoadedRun, OutputSetting } from '../load/loaded-run.ts'
import { RECORDING_MODE } from '../recording-file.ts'
import type { RunFlags } from '../run-flags.ts'
import type { EndedRun } from './print-report.ts'

/** Where a stream goes, as it was opened. */
type OpenOutput = 'inherit' | 'null' | OutputFile

/** What a run's results are written to, opened before it begins. */
export interface RunOutputs extends AsyncDisposable {
  readonly stdout: OpenOutput
  readonly stderr: OpenOutput
  readonly recording: OutputFile | undefined
}

/** Opens the files for a run's results. @throws {FileError} naming the first that cannot be written */
export async function openOutputs(io: Io, flags: RunFlags, loaded: LoadedRun): Promise<RunOutputs> {
  await using opened = new AsyncDisposableStack()
  const open = async (flag: string | undefined, setting: OutputSetting): Promise<OpenOutput> => {
    const where = flag ?? setting
    if (where === 'inherit' || where === 'null') return where
    const path = typeof where === 'string' ? resolvePath(io, where) : where.file
    return opened.use(await OutputFile.open(path, { isAppending: true }))
  }
  const stdout = await open(flags.stdout, loaded.stdout)
  const stderr = await open(flags.stderr, loaded.stderr)
  const path = flags.record === undefined ? undefined : resolvePath(io, flags.record)
  const recording = path === undefined ? undefined : opened.use(await OutputFile.open(path, { mode: RECORDING_MODE }))
  const owned = opened.move()
  return { stdout, stderr, recording, [Symbol.asyncDispose]: async () => await owned.disposeAsync() }
}

/** Passes on what the function wrote. @throws {FileError} if a file cannot be written */
export async function passOn(io: Io, { report }: EndedRun, outputs: RunOutputs, isJson: boolean): Promise<void> {
  await passOnStream(io.stdout, report.stdout, outputs.stdout, isJson)
  await passOnStream(io.stderr, report.stderr, outputs.stderr, isJson)
}

async function passOnStream(sink: Sink, bytes: Uint8Array, where: OpenOutput, isJson: boolean): Promise<void> {
  if (typeof where === 'object') await where.write(bytes)
  else if (where === 'inherit' && !isJson) sink.write(bytes)
}
