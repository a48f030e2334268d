/** Bytes of one read or write: what programs ask for at once, and little enough that many runs may do so together. */
export const TRANSFER_SIZE_MAX: number = 1024 * 1024
/** Bytes of a path as a guest writes it: PATH_MAX of Linux. */
export const PATH_SIZE_MAX = 4096
/** Entries of a directory that is listed, about 4 MB of names at most; a larger one is answered with `overflow`. */
export const LISTED_ENTRIES_MAX = 16_384
