import { PROFILE_SIZE_MAX } from './profile/profile-bytes.ts'

/** Bounds of the sandbox that no request may raise; each says why. */

/** Rewriting and compiling 14 MB takes about a second; a module that takes this long is an attack. */
export const PREPARE_DEADLINE_MS = 30_000
/** Scatter-gather vectors in one call: IOV_MAX of Linux. */
export const IO_VECTORS_MAX = 1024
/** Open descriptors of a guest: the usual limit of a process on Linux (`ulimit -n`). */
export const DESCRIPTORS_MAX = 1024
/** Bytes that a write with several vectors gathers; it writes no more of them, as POSIX allows. */
export const GATHERED_SIZE_MAX: number = 4 * 1024 * 1024
/** Bytes of a path, as PATH_MAX of Linux. */
export const PATH_SIZE_MAX = 4096
/** Bytes of a name in a directory, as NAME_MAX of Linux. */
export const NAME_SIZE_MAX = 255
/** Symbolic links that one path may lead through, as on Linux. */
export const LINKS_FOLLOWED_MAX = 40
/** Bytes of the files that a run keeps in memory: half of the memory that a run has unless it says otherwise. */
export const FILES_BYTES_MAX: number = 64 * 1024 * 1024
/** Names that a run makes for files in memory: each takes the host about 1 KiB beside the contents. */
export const FILE_ENTRIES_MAX = 16_384
/** Entries of listings that a guest has begun: four times what it can make, about 6 MiB of the host's memory. */
export const LISTED_ENTRIES_MAX = 65_536
/** Directories that a run has from the beginning: programs look through all of them for each path. */
export const MOUNTS_MAX = 16
/** Bytes of files that all mounts of a run bring along; they travel with the run. */
export const MOUNTED_BYTES_MAX: number = 64 * 1024 * 1024
/** Subscriptions in one `poll_oneoff`; programs use a handful, and each costs the host work that fuel does not count. */
export const SUBSCRIPTIONS_MAX = 1024
/** Bytes of one `random_get`: more in one call is host work that fuel does not count; wasi-libc asks for 256 at most. */
export const RANDOM_SIZE_MAX = 65_536
/** Bytes that a host call copies for one unit of fuel: as `memory.copy` costs. Part of the fuel table. */
export const COPIED_BYTES_PER_FUEL = 64
/** Random bytes cost one unit per 4 (2^2): what drawing them costs against copying them. Part of the fuel table. */
export const RANDOM_BYTES_SHIFT = 2
/** A subscription costs as much as the tens of instructions that reading it takes. Part of the fuel table. */
export const SUBSCRIPTION_FUEL = 64
/** Listing an entry of a directory costs about what a dozen instructions do, and its bytes. Part of the fuel table. */
export const ENTRY_FUEL = 16
/** Looking up one name of a path, as much as reading a subscription. Part of the fuel table. */
export const LOOKUP_FUEL = 64
/** A call that leaves the executor costs the node about 0.1 ms beside what it moves. Part of the fuel table. */
export const HOST_CALL_FUEL = 10_000
/** A byte of JSON that the host reads or writes for a guest: scanning and parsing take 10 to 25 ns. Part of the fuel table. */
export const JSON_BYTE_FUEL = 16
/** Bytes of JSON that a guest gives at once: a body of 6 MB as a list of numbers. */
export const JSON_SIZE_MAX: number = 32 * 1024 * 1024
/** UTF-16 bytes of an AssemblyScript message that are printed. */
export const MESSAGE_SIZE_MAX = 65_536
/** A run's frame: the most that arguments, environment, stdin and files of a request can take, and its head. */
export const ORDER_SIZE_MAX: number = 2 * 256 * (65_536 * 3 + 1024) + 4_194_304 + MOUNTED_BYTES_MAX + 1024 * 1024
/** Bytes of one host call, or of its answer: existing programs ask for up to 10 MB at once. */
export const HOST_CALL_SIZE_MAX: number = 16 * 1024 * 1024
/** What an executor may send in one frame: the largest host call, output of a run with its profile, or facts about a module. */
export const ANSWER_SIZE_MAX: number = HOST_CALL_SIZE_MAX + PROFILE_SIZE_MAX + 1024 * 1024
/** Silence that means an executor hangs: its main thread never runs guests, so only a stopped machine takes longer. */
export const EXECUTOR_SILENCE_MS_MAX = 10_000
/** Bytes of a program, all its modules together: the bound of `@blockless/wasm` for one module. */
export const PROGRAM_SIZE_MAX: number = 64 * 1024 * 1024
/** A program's frame, with room for heads and names. */
export const MODULE_FRAME_SIZE_MAX: number = PROGRAM_SIZE_MAX + 65_536
/** Pages a module is compiled for ahead of its first run: 128 MiB, the limit functions have unless they say otherwise. */
export const PAGES_PREPARED = 2048
/** Bytes at the end of an executor's stderr that are kept to say why it crashed. */
export const CRASH_TEXT_SIZE_MAX = 4096
/** Guests on one thread, all but one of which wait: what is lost and begun again when the thread has to be replaced. */
export const GUESTS_PER_THREAD_MAX = 2048
