import { CodedError } from '@blockless/core'

/** Why a recording cannot be used. */
export type RecordingReason =
  | { readonly code: 'ERR_RECORDING'; readonly problem: string }
  | { readonly code: 'ERR_RECORDING_PROGRAM'; readonly what: string; readonly recorded: string; readonly found: string }

/** A recording that cannot be used, or not with this program; what to do about it is in `message`. */
export class RecordingError extends CodedError<RecordingReason['code'], RecordingReason> {
  constructor(reason: RecordingReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: RecordingReason): string {
  switch (reason.code) {
    case 'ERR_RECORDING':
      return `Cannot use recording: ${reason.problem}`
    case 'ERR_RECORDING_PROGRAM':
      return `Cannot replay recording: ${reason.what} has the SHA-256 ${reason.found}, the recording was made with ${reason.recorded}, give the one that was recorded`
  }
}
