import { CodedError } from '@blockless/core'

/** Why a DAG was refused. */
export type DagReason =
  | { readonly code: 'ERR_DAG_NODE'; readonly root: string; readonly cid: string; readonly size: number }
  | { readonly code: 'ERR_DAG_CODEC'; readonly root: string; readonly cid: string; readonly codec: number }
  | { readonly code: 'ERR_DAG_TOO_LARGE'; readonly root: string; readonly cid: string; readonly sizeMax: number }
  | { readonly code: 'ERR_DAG_TOO_MANY'; readonly root: string; readonly cid: string; readonly countMax: number }
  | { readonly code: 'ERR_DAG_TOO_DEEP'; readonly root: string; readonly cid: string; readonly depthMax: number }

/** A DAG that cannot be decoded or that exceeds a bound. */
export class DagError extends CodedError<DagReason['code'], DagReason> {
  constructor(reason: DagReason, options?: ErrorOptions) {
    super(reason.code, describe(reason), reason, options)
  }
}

function describe(reason: DagReason): string {
  const subject = `Cannot walk DAG "${reason.root}"`
  switch (reason.code) {
    case 'ERR_DAG_NODE':
      return `${subject}: the ${reason.size} bytes of block "${reason.cid}" are no node of its codec`
    case 'ERR_DAG_CODEC':
      return `${subject}: block "${reason.cid}" has codec 0x${reason.codec.toString(16)}, raw, dag-pb or dag-cbor is needed`
    case 'ERR_DAG_TOO_LARGE':
      return `${subject}: with block "${reason.cid}" it exceeds ${reason.sizeMax} bytes`
    case 'ERR_DAG_TOO_MANY':
      return `${subject}: at block "${reason.cid}" it exceeds ${reason.countMax} blocks`
    case 'ERR_DAG_TOO_DEEP':
      return `${subject}: block "${reason.cid}" lies deeper than ${reason.depthMax} levels`
  }
}
