import { CodedError } from '@blockless/core'

/** Why files were refused. */
export type UnixfsReason =
  | { readonly code: 'ERR_UNIXFS_PATH'; readonly path: string; readonly problem: string }
  | { readonly code: 'ERR_UNIXFS_DUPLICATE'; readonly path: string }
  | { readonly code: 'ERR_UNIXFS_NOT_FOUND'; readonly root: string; readonly path: string }
  | {
      readonly code: 'ERR_UNIXFS_TYPE'
      readonly cid: string
      readonly path: string
      readonly type: string
      readonly wanted: string
    }
  | { readonly code: 'ERR_UNIXFS_NODE'; readonly cid: string; readonly problem: string }
  | { readonly code: 'ERR_UNIXFS_TOO_LARGE'; readonly cid: string; readonly path: string; readonly sizeMax: number }
  | { readonly code: 'ERR_UNIXFS_TOO_MANY'; readonly cid: string; readonly countMax: number }
  | { readonly code: 'ERR_UNIXFS_TOO_DEEP'; readonly cid: string; readonly depthMax: number }

/** Files that are not there, that lie about themselves, whose names would escape a folder, or that exceed a bound. */
export class UnixfsError extends CodedError<UnixfsReason['code'], UnixfsReason> {
  constructor(reason: UnixfsReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: UnixfsReason): string {
  switch (reason.code) {
    case 'ERR_UNIXFS_PATH':
      return `Cannot use path ${JSON.stringify(reason.path)}: ${reason.problem}`
    case 'ERR_UNIXFS_DUPLICATE':
      return `Cannot use path ${JSON.stringify(reason.path)}: the name is taken already`
    case 'ERR_UNIXFS_NOT_FOUND':
      return `Cannot find ${JSON.stringify(reason.path)} in "${reason.root}": there is no such entry`
    case 'ERR_UNIXFS_TYPE':
      return `Cannot read ${JSON.stringify(reason.path)} in block "${reason.cid}": it is a ${reason.type}, a ${reason.wanted} is needed`
    case 'ERR_UNIXFS_NODE':
      return `Cannot read block "${reason.cid}" as files: ${reason.problem}`
    case 'ERR_UNIXFS_TOO_LARGE':
      return `Cannot read ${JSON.stringify(reason.path)} in "${reason.cid}": it exceeds ${reason.sizeMax} bytes`
    case 'ERR_UNIXFS_TOO_MANY':
      return `Cannot read files of "${reason.cid}": there are more than ${reason.countMax} entries or nodes`
    case 'ERR_UNIXFS_TOO_DEEP':
      return `Cannot read files of "${reason.cid}": they lie deeper than ${reason.depthMax} levels`
  }
}
