import { protocolLimits } from '@blockless/core'

const MIB = 1 << 20

/** Bytes of one answer: the largest output in base64, and a receipt with 128 votes in JSON beside it. */
export const ANSWER_SIZE_MAX: number = Math.ceil((protocolLimits.OUTPUT_SIZE_MAX * 4) / 3) + 4 * MIB

/** Bytes of an answer that is an error; what is longer was not written by a gateway. */
export const ERROR_SIZE_MAX: number = MIB

/** Bytes of a function package to deploy: the largest module and its manifest, with the blocks around them. */
export const PACKAGE_SIZE_MAX: number = 70 * MIB

/** Characters of a message that came over the wire and is put into an error. */
export const MESSAGE_LENGTH_MAX = 2_048

/** Milliseconds for an answer that the gateway has at hand. */
export const ANSWER_TIMEOUT_MS = 30_000

/** Milliseconds for a deployment: a large module over a slow line, then four nodes that fetch and compile it. */
export const DEPLOY_TIMEOUT_MS = 300_000

/** Milliseconds for an invocation: the longest run, and what the network adds. */
export const INVOKE_TIMEOUT_MS: number = protocolLimits.DEADLINE_MS_MAX + 60_000

/** Stories that a listing asks for if the caller does not say. */
export const REQUESTS_COUNT = 20

/** Stories that a listing may ask for. */
export const REQUESTS_COUNT_MAX = 1_000
