const MIB = 1 << 20

/** Blocks a store holds at once by default: bounds its index to about 300 MB; 256 GiB at full chunks. */
export const STORE_COUNT_MAX = 1_000_000

/** Bytes of a file's chunk: what `ipfs add` takes, so that CIDs agree. */
export const CHUNK_SIZE = 262_144

/** Links of one node of a file: what `ipfs add` takes. */
export const NODE_LINKS_MAX = 174

/**
 * Bytes of a block that is decoded for its links: twice what IPFS nodes exchange; decoding takes about ten times its
 * size in memory.
 */
export const NODE_SIZE_MAX: number = 4 * MIB

/** Levels of a DAG: a balanced file of 10^20 bytes has eight, and a directory tree deeper than this is an attack. */
export const DAG_DEPTH_MAX = 64

/** Distinct blocks of one DAG by default: 16 GiB at full chunks. */
export const DAG_COUNT_MAX = 65_536

/** Bytes of one DAG by default. */
export const DAG_SIZE_MAX: number = 1024 * MIB

/** Entries of a listing by default. */
export const LIST_COUNT_MAX = 10_000

/** UTF-8 bytes of one name in a directory: what file systems take. */
export const NAME_SIZE_MAX = 255

/** UTF-8 bytes of a path inside a DAG. */
export const PATH_SIZE_MAX = 4_096

/** Bytes of one section of a CAR: the bound of the existing runtime. */
export const CAR_SECTION_MAX: number = 32 * MIB

/** Roots that a CAR may name. */
export const CAR_ROOTS_MAX = 16

/** Milliseconds until a fetch gives up by itself: no caller waits forever, also without a signal. */
export const FETCH_TIMEOUT_MS = 60_000

/**
 * Milliseconds that a peer may go without giving any block before the next one is asked: a full message of 2 MiB over
 * 2 Mbit/s.
 */
export const ASK_TIMEOUT_MS = 10_000

/** Blocks asked for at once by one fetch: at full chunks 4 MiB under way, enough to fill 100 Mbit/s at 300 ms. */
export const FETCH_WINDOW = 16

/** Peers that one fetch asks: beyond that, a block is not there. */
export const FETCH_PEERS_MAX = 32

/** Blocks asked for at once by all fetches of a node; below what peers remember, so that no question is dropped. */
export const ASKS_MAX = 48

/**
 * Blocks that one peer may want from us at once, further ones push out the oldest. Bounds the memory of one answer to
 * 16 MiB at full chunks and 128 MiB at most.
 */
export const WANTS_MAX = 64

/** Bytes of a block that travels: what IPFS nodes accept. */
export const EXCHANGE_BLOCK_MAX: number = 2 * MIB

/** Bytes of a function's `manifest.json`. */
export const MANIFEST_SIZE_MAX: number = 256 * 1_024

/** Bytes of a function's module: four times the largest that common compilers make. */
export const MODULE_SIZE_MAX: number = 64 * MIB

/** The protocol by which blocks travel between peers, Kubo's included. */
export const BITSWAP_PROTOCOL = '/ipfs/bitswap/1.2.0'

/** Milliseconds for telling a peer what is no longer wanted. */
export const CANCEL_TIMEOUT_MS = 2_000

/** Bytes of a message of blocks: the largest block and its framing; small enough to arrive in time on a slow link. */
export const EXCHANGE_MESSAGE_MAX: number = EXCHANGE_BLOCK_MAX + 64 * 1_024
