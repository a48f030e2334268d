/** Smallest and largest values of the protocol; each says why. */

/** 64 KiB, the WebAssembly page. */
export const PAGE_SIZE = 65_536
/** Fuel above this leaves the numbers that JSON keeps exactly; it is months of work. */
export const FUEL_MAX: number = Number.MAX_SAFE_INTEGER
/** 4 GiB, what a 32-bit memory can address. */
export const MEMORY_SIZE_MAX = 4_294_967_296
/** What one run may write to stdout and stderr together: it travels in one frame and is kept beside the receipt. */
export const OUTPUT_SIZE_MAX = 4_194_304
/** What one run may read from stdin. */
export const STDIN_SIZE_MAX = 4_194_304
/** Arguments and environment variables of one run. */
export const ARGUMENTS_COUNT_MAX = 256
/** One argument, or one environment variable's value: HTTP headers fit, bodies belong in stdin. */
export const ARGUMENT_LENGTH_MAX = 65_536
/** The longest run: what existing deployments were promised. */
export const DEADLINE_MS_MAX = 900_000
/** Members of a subnet: beyond this a vote costs more than it adds. */
export const SUBNET_SIZE_MAX = 64
/** Nodes that may stand in a draw. */
export const CANDIDATES_COUNT_MAX = 10_000
