import { HOST_CALL_SIZE_MAX } from '../limits.ts'

/** UTF-8 bytes of a text in a call, such as its options: in JSON it takes up to six times as much. */
export const CALL_TEXT_SIZE_MAX = 65_536
/** Bytes that go along with a call, so that the largest text fits beside them. */
export const CALL_BYTES_SIZE_MAX: number = HOST_CALL_SIZE_MAX - 1024 * 1024
/** Largest handle: the guest's side keeps them as u32. */
export const HANDLE_MAX = 0xffff_ffff
/** Bytes of what a guest says to a model at once. */
export const PROMPT_SIZE_MAX: number = 1024 * 1024
/** Bytes of a model's name: some are URLs. */
export const MODEL_SIZE_MAX = 1024
