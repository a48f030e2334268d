import { CodedError } from '@blockless/core'

/** Why folders of this machine cannot be offered to functions. */
export type HostFolderReason =
  | { readonly code: 'ERR_HOST_FOLDER_PLATFORM'; readonly platform: string }
  | { readonly code: 'ERR_HOST_FOLDER_UNUSABLE'; readonly id: string; readonly path: string; readonly why: string }
  | { readonly code: 'ERR_HOST_FOLDER_OVERLAP'; readonly id: string; readonly outerId: string }

/** Folders of this machine cannot be offered to functions; what to do about it is in `message`. */
export class HostFolderError extends CodedError<HostFolderReason['code'], HostFolderReason> {
  constructor(reason: HostFolderReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: HostFolderReason): string {
  switch (reason.code) {
    case 'ERR_HOST_FOLDER_PLATFORM':
      return `Cannot offer folders: ${reason.platform} has no /proc/self/fd that keeps guests inside them, use Linux with /proc mounted`
    case 'ERR_HOST_FOLDER_UNUSABLE':
      return `Cannot offer folder "${reason.id}": "${reason.path}" ${reason.why}, name another directory`
    case 'ERR_HOST_FOLDER_OVERLAP':
      return `Cannot offer folder "${reason.id}": it is inside folder "${reason.outerId}", name folders apart from each other`
  }
}
