import { integer, optional, type Schema, struct } from '@blockless/core'

/** What one process of an extension may use. */
export interface ProcessLimits {
  /** Seconds of processor time, then it is killed. */
  readonly cpuSeconds: number
  /** Bytes of private memory. */
  readonly memoryBytes: number
  /** Bytes of any one file that it writes. */
  readonly fileBytes: number
  /** Open files. */
  readonly filesMax: number
}

/** What a process may use unless the operator says otherwise. */
export const PROCESS_LIMITS: ProcessLimits = {
  /** A minute of computing; a run has seconds. */
  cpuSeconds: 60,
  /** 2 GiB: V8 reserves half a gigabyte before it runs a line, and that counts. */
  memoryBytes: 2_147_483_648,
  /** 64 MiB. */
  fileBytes: 67_108_864,
  /** Programs use a few; below the usual 1024 of a whole process. */
  filesMax: 256,
}

/** Schema of what an operator says of them. */
export const processLimitsSchema: Schema<Partial<ProcessLimits>> = struct({
  cpuSeconds: optional(integer(1, 86_400)),
  memoryBytes: optional(integer(1_048_576, Number.MAX_SAFE_INTEGER)),
  fileBytes: optional(integer(512, Number.MAX_SAFE_INTEGER)),
  filesMax: optional(integer(16, 65_536)),
})
