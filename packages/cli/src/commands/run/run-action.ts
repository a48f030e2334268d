import { type Logger, runtimeExitCode, systemClock } from '@blockless/core'
import type { OperatorConfig, Program, Recording, RunReport, RunRequest } from '@blockless/runtime'
import { readOperator } from '../../config/operator-file.ts'
import type { Io } from '../../io/io.ts'
import { withProgress } from '../../io/progress.ts'
import { safeText, styleFor } from '../../io/style.ts'
import { resolvePath } from '../options.ts'
import { loadRun } from './load/load-run.ts'
import type { LoadedRun } from './load/loaded-run.ts'
import { printProfile, writeProfile } from './profile-file.ts'
import { checkSame, encodeRun, readRecording } from './recording-file.ts'
import { adviseOn } from './report/denial-advice.ts'
import { openOutputs, passOn, type RunOutputs } from './report/outputs.ts'
import { type EndedRun, printReport, reportJson } from './report/print-report.ts'
import { checkReplayFlags, type RunFlags, refuseNotOffered } from './run-flags.ts'
import { runLocally } from './run-locally.ts'
import { inputOf, limitsOf, loggerOf, seedOf, timestampOf } from './run-request.ts'
import { FUNCTION_KEY, openWorld, recordedWorld, type World } from './world/open-world.ts'
import { mountsOf } from './world/run-mounts.ts'
import { createRunGate } from './world/run-policy.ts'

/** One `bls run`, as it was asked for. */
export interface RunInvocation {
  readonly input: string
  readonly args: readonly string[]
  readonly flags: RunFlags
}

/** A run that can begin. */
interface PreparedRun {
  readonly request: RunRequest
  readonly world: World
  /** What is replayed. */
  readonly recording?: Recording
}

/** Runs what was asked for and prints how it ended. @returns the exit code of the process */
export async function runAction(io: Io, invocation: RunInvocation): Promise<number> {
  const { flags, args } = invocation
  refuseNotOffered(flags)
  checkReplayFlags(flags, args)
  const loaded = await loadRun(io, resolvePath(io, invocation.input), flags)
  if (flags.json !== true) warn(io, loaded.warnings)
  const log = loggerOf(flags.runtimeLogger === undefined ? loaded.logFile : resolvePath(io, flags.runtimeLogger))
  const prepared =
    flags.replay === undefined
      ? await prepareRun(io, { loaded, invocation, log })
      : await prepareReplay(resolvePath(io, flags.replay), loaded, log)
  await using world = prepared.world
  const { recording } = prepared
  const request = { ...prepared.request, profile: flags.profile !== undefined }
  const { trapsUnknownImports, threads } = recording?.program ?? loaded.program
  const program: Program = {
    ...loaded.program,
    trapsUnknownImports: trapsUnknownImports === true,
    threads: threads === true,
  }
  await using files = await openOutputs(io, flags, loaded)
  const report = await showingProgress(io, flags, async () => await runLocally(io, { program, request, world, log }))
  await files.recording?.write(await encodeRun({ program, request, report }))
  await tell(io, { invocation, loaded, report, request, world, recording, files })
  if (flags.profile !== undefined) await tellProfile(io, { loaded, program, report, path: flags.profile, flags })
  return runtimeExitCode(report.exit)
}

/** What is needed to begin a run of its own. */
interface FreshRun {
  readonly loaded: LoadedRun
  readonly invocation: RunInvocation
  readonly log: Logger
}

async function prepareRun(io: Io, { loaded, invocation, log }: FreshRun): Promise<PreparedRun> {
  const { flags, args } = invocation
  const limits = limitsOf(flags, loaded.limits)
  const { mounts, folders, granted } = mountsOf(io, loaded.mounts, flags)
  const operator = await operatorOf(io, flags)
  const gate = await createRunGate({ operator, asked: loaded.permissions, granted, flags })
  const input = await inputOf(io, loaded, { flags, args })
  const request: RunRequest = {
    functionCid: FUNCTION_KEY,
    entry: flags.entry ?? loaded.entry,
    limits,
    input,
    timestampMs: timestampOf(io, flags.timestamp),
    seed: seedOf(flags.seed),
    name: loaded.name,
    mounts,
    clock: flags.clock ?? 'virtual',
  }
  return { request, world: await openWorld(io, { operator, folders, gate, log }) }
}

async function operatorOf(io: Io, flags: RunFlags): Promise<OperatorConfig> {
  const path = flags.operator === undefined ? undefined : resolvePath(io, flags.operator)
  const operator = await readOperator({ path, allowPrivate: [] })
  const folder = flags.driversRootPath === undefined ? undefined : resolvePath(io, flags.driversRootPath)
  return folder === undefined ? operator : { ...operator, extensions: { ...operator.extensions, folder } }
}

async function prepareReplay(path: string, { program, mounts }: LoadedRun, log: Logger): Promise<PreparedRun> {
  const { replayedRequest } = await import('@blockless/runtime')
  const recording = await readRecording(path)
  const layers = mounts.filter((mount) => mount.kind === 'memory')
  const request = replayedRequest(recording, { functionCid: FUNCTION_KEY, program, mounts: layers })
  return { request, recording, world: await recordedWorld(recording.transcript, log) }
}

/** A run that is over. */
interface Told {
  readonly invocation: RunInvocation
  readonly loaded: LoadedRun
  readonly report: RunReport
  readonly request: RunRequest
  readonly world: World
  readonly recording: Recording | undefined
  readonly files: RunOutputs
}

async function tell(io: Io, { invocation, loaded, report, request, world, recording, files }: Told): Promise<void> {
  const { denialsOf } = await import('@blockless/runtime')
  const { flags } = invocation
  const isJson = flags.json === true
  const ended: EndedRun = {
    request,
    report,
    sentBytes: world.host.sentBytes,
    denials: denialsOf(report.transcript).map(adviseOn),
    warnings: loaded.warnings,
    ...(recording === undefined ? {} : { replayedCalls: recording.transcript.length }),
    ...(flags.record === undefined ? {} : { recordedTo: flags.record }),
  }
  await passOn(io, ended, files, isJson)
  if (recording !== undefined) await checkSame(recording, report)
  if (isJson) io.stdout.write(`${JSON.stringify(reportJson(ended))}\n`)
  else printReport(io, ended, { hasStats: flags.stats === true })
}

/** A run whose profile was asked for. */
interface Profiled {
  readonly loaded: LoadedRun
  readonly program: Program
  readonly report: RunReport
  /** As it was given. */
  readonly path: string
  readonly flags: RunFlags
}

async function tellProfile(io: Io, { loaded, program, report, path, flags }: Profiled): Promise<void> {
  const { profile, fuelUsed } = report
  const { name, moduleFolder } = loaded
  const functions = await writeProfile(resolvePath(io, path), { profile, program, name, moduleFolder })
  if (flags.json !== true) printProfile(io, functions, { fuelUsed, path })
}

function warn(io: Io, warnings: readonly string[]): void {
  const style = styleFor(io, io.stderr)
  for (const warning of warnings) io.stderr.write(`${style.yellow('warning:')} ${safeText(warning)}\n`)
}

/** Most runs are over before anything could be read; of longer ones, a terminal says that they go on. */
const PROGRESS_AFTER_MS = 1_000

async function showingProgress<T>(io: Io, { json }: RunFlags, work: () => Promise<T>): Promise<T> {
  const startMs = systemClock.monotonic()
  const working = work()
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const cancel = systemClock.schedule(PROGRESS_AFTER_MS, () => resolve(false))
  const over = working.then(
    () => true,
    () => true,
  )
  const isOver = await Promise.race([over, late])
  cancel()
  if (isOver) return await working
  return await withProgress(io, { text: 'Running', isQuiet: json === true }, async (progress) => {
    const timer = setInterval(() => {
      progress(`Running for ${Math.round((systemClock.monotonic() - startMs) / 1_000)} s, Ctrl-C ends it`)
    }, PROGRESS_AFTER_MS)
    try {
      return await working
    } finally {
      clearInterval(timer)
    }
  })
}
