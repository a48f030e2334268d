import { type ExecutionInput, type Limits, protocolLimits } from '@blockless/core'
import { checkMounts, DEFAULT_MOUNTS, type Mount } from '../fs/mount.ts'
import { encodeTextTable, environmentTexts } from '../guest/text-table.ts'
import { WAITING_MODULES } from '../imports/waiting-modules.ts'
import { effectivePages } from '../module/effective-pages.ts'
import type { HeldModule } from './module-table.ts'
import type { RunOrder } from './run-frames.ts'

/** A run, complete: the same request gives the same result on every node. */
export interface RunRequest {
  /** Names the module, which has been prepared under it. */
  readonly functionCid: string
  /** Exported function to call, without parameters; its results are dropped. */
  readonly entry: string
  readonly limits: Limits
  readonly input: ExecutionInput
  /** Where the guest's clock starts, in milliseconds since the Unix epoch. */
  readonly timestampMs: number
  /** 32 bytes: the guest's randomness. */
  readonly seed: Uint8Array
  /** The program's name, `argv[0]`. */
  readonly name: string
  /** Directories that the guest has; one empty one to write to, its root, if left out. */
  readonly mounts?: readonly Mount[]
  /**
   * Whose time the guest is told: `virtual`, if left out, starts at `timestampMs` and counts fuel; `real` is the machine's,
   * asked for as host calls `clock.*`, so that it is part of the transcript.
   */
  readonly clock?: 'virtual' | 'real'
  /** Whether the report says where the fuel went, which makes the run several times slower and changes nothing else of it. */
  readonly profile?: boolean
}

/** Pages of 64 KiB that a run may have. */
export function pagesOf({ memoryBytes }: Limits): number {
  return Math.floor(memoryBytes / protocolLimits.PAGE_SIZE)
}

/**
 * A request in the form in which it travels to the executor.
 *
 * @throws {RangeError} if the seed is not 32 bytes, or a number or a mount makes no sense: in the sandbox it would take down
 * a thread that others wait on
 */
export function runOrderOf(request: RunRequest, module: HeldModule): RunOrder {
  const { limits, input, seed, mounts = DEFAULT_MOUNTS } = request
  if (seed.length !== 32) throw new RangeError(`Cannot run: its seed has ${seed.length} bytes, 32 are needed`)
  checkMounts(mounts)
  checkIntegers(request)
  const hasRealClock = request.clock === 'real'
  return {
    module: module.id,
    memoryPages: effectivePages(pagesOf(limits), module.info),
    deadlineMs: limits.deadlineMs,
    waits: hasRealClock || mounts.some(({ kind }) => kind === 'host') || importsWaiting(module),
    hasRealClock,
    isProfiled: request.profile === true,
    outputBytes: limits.outputBytes,
    fuel: limits.fuel,
    timestampMs: request.timestampMs,
    seed,
    args: encodeTextTable([request.name, ...input.args]),
    env: encodeTextTable(environmentTexts(input.env)),
    entry: request.entry,
    stdin: input.stdin,
    mounts,
  }
}

function checkIntegers({ timestampMs, limits: { fuel, deadlineMs, outputBytes } }: RunRequest): void {
  const { FUEL_MAX, DEADLINE_MS_MAX, OUTPUT_SIZE_MAX } = protocolLimits
  const bounded = {
    timestampMs: Number.MAX_SAFE_INTEGER,
    fuel: FUEL_MAX,
    deadlineMs: DEADLINE_MS_MAX,
    outputBytes: OUTPUT_SIZE_MAX,
  }
  for (const [name, value] of Object.entries({ timestampMs, fuel, deadlineMs, outputBytes })) {
    const max = bounded[name as keyof typeof bounded]
    if (Number.isSafeInteger(value) && value >= 0 && value <= max) continue
    throw new RangeError(`Cannot run: its ${name} is ${value}, an integer from 0 to ${max} is needed`)
  }
}

function importsWaiting({ info }: HeldModule): boolean {
  return info.imports.some((name) => WAITING_MODULES.has(name.slice(0, name.lastIndexOf('.'))))
}
