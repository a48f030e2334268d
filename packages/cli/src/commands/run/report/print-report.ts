import { describeExit, type Exit, runtimeExitCode, toHex } from '@blockless/core'
import type { RunReport, RunRequest } from '@blockless/runtime'
import { formatCount, formatMs, formatSize, formatTable } from '../../../io/format.ts'
import type { Io } from '../../../io/io.ts'
import { safeText, styleFor } from '../../../io/style.ts'
import { textOf } from '../../text-of.ts'
import type { DenialAdvice } from './denial-advice.ts'

/** A run that ended, with what is told of it. */
export interface EndedRun {
  readonly request: RunRequest
  readonly report: RunReport
  readonly sentBytes: number
  readonly denials: readonly DenialAdvice[]
  readonly warnings: readonly string[]
  /** Of a replay that came out the same: how many calls were answered from the record. */
  readonly replayedCalls?: number
  readonly recordedTo?: string
}

const LIMIT_FLAGS: Readonly<Partial<Record<Exit['kind'], string>>> = {
  'out-of-fuel': '--fuel',
  'memory-limit': '--memory',
  'output-limit': '--output',
}

/** Everything about a run, for programs. */
export function reportJson(ended: EndedRun): unknown {
  const { request, report, denials, warnings, replayedCalls, recordedTo } = ended
  const { exit, stdout, stderr, fuelUsed, memoryPeakBytes, isPure, timings } = report
  const { limits, timestampMs, seed, clock = 'virtual' } = request
  return {
    exit,
    exitCode: runtimeExitCode(exit),
    stdout: textOf(stdout),
    stderr: textOf(stderr),
    fuelUsed,
    memoryPeakBytes,
    isPure,
    hostCalls: callsOf(ended),
    runMs: timings.runMs,
    limits,
    timestampMs,
    seed: toHex(seed),
    clock,
    denials,
    warnings,
    ...(replayedCalls === undefined ? {} : { replayedCalls }),
    ...(recordedTo === undefined ? {} : { recordedTo }),
  }
}

/** Tells people on stderr how a run ended, beside what the function wrote. */
export function printReport(io: Io, ended: EndedRun, { hasStats }: { readonly hasStats: boolean }): void {
  const { report, denials, replayedCalls, recordedTo } = ended
  const { exit, stdout, fuelUsed, memoryPeakBytes, timings } = report
  const style = styleFor(io, io.stderr)
  if (io.isTty && stdout.length > 0 && stdout.at(-1) !== 0x0a) io.stderr.write('\n')
  if (exit.kind !== 'exit') {
    const flag = LIMIT_FLAGS[exit.kind]
    io.stderr.write(`${style.red(`${describeExit(exit)}.`)}\n`)
    if (flag !== undefined) io.stderr.write(`${style.cyan('hint:')} ${flag} gives it more\n`)
  }
  for (const { missing, hint } of denials) {
    io.stderr.write(`${style.yellow('denied:')} ${safeText(missing)}\n${style.cyan('hint:')} ${safeText(hint)}\n`)
  }
  if (recordedTo !== undefined) io.stderr.write(`${style.dim(`recorded in ${recordedTo}`)}\n`)
  if (replayedCalls !== undefined) {
    const calls = `${formatCount(replayedCalls)} host ${replayedCalls === 1 ? 'call' : 'calls'} from the record`
    io.stderr.write(`${style.green('replayed:')} same exit, output, fuel and memory; ${calls}\n`)
  }
  if (hasStats) io.stderr.write(formatTable(statsOf(ended)))
  else if (io.isTty) {
    const facts = `${formatCount(fuelUsed)} fuel · ${formatSize(memoryPeakBytes)} · ${formatMs(timings.runMs)}`
    io.stderr.write(`${style.dim(facts)}\n`)
  }
}

function statsOf(ended: EndedRun): readonly (readonly string[])[] {
  const { request, report } = ended
  const { exit, fuelUsed, memoryPeakBytes, stdout, stderr, timings } = report
  const { fuel, memoryBytes, outputBytes, deadlineMs } = request.limits
  const { count, sentBytes, receivedBytes } = callsOf(ended)
  const written = stdout.length + stderr.length
  return [
    ['exit', exit.kind === 'exit' ? `${exit.code}` : `${runtimeExitCode(exit)} (${exit.kind})`],
    ['fuel', `${formatCount(fuelUsed)} of ${formatCount(fuel)}`],
    ['memory', `${formatSize(memoryPeakBytes)} of ${formatSize(memoryBytes)}`],
    ['output', `${formatSize(written)} of ${formatSize(outputBytes)}`],
    ['time', `${formatMs(timings.runMs)} of ${formatMs(deadlineMs)}`],
    ['host calls', `${formatCount(count)}, ${formatSize(sentBytes)} sent, ${formatSize(receivedBytes)} received`],
  ]
}

function callsOf({ report, sentBytes }: EndedRun): {
  readonly count: number
  readonly sentBytes: number
  readonly receivedBytes: number
} {
  const receivedBytes = report.transcript.reduce((sum, { answer }) => sum + answer.length, 0)
  return { count: report.transcript.length, sentBytes, receivedBytes }
}
