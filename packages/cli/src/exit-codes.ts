/** Exit codes of every command but `bls run`, which has those of the existing runtime. */
export const EXIT_CODES = {
  ok: 0,
  /** What was asked for was done and came out badly. */
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  files: 5,
  bug: 70,
  cancelled: 130,
} as const

/** Exit codes of `bls run` that are not the function's. */
export const RUN_EXIT_CODES = { interrupted: 12, deadline: 15, notRun: 128, other: 255 } as const

/** What `bls help exit-codes` prints. */
export const EXIT_CODES_HELP = `Exit codes

  0    done; every check passed
  1    done, but it came out badly: a check failed, the function failed or trapped, the build failed
  2    wrong usage: unknown command or option, bad value, bls.toml that cannot be used
  3    the gateway cannot be reached, did not answer in time, or is no gateway
  4    the network refused: unknown function, too few nodes, results that differ
  5    a file or folder cannot be read or written
  70   a bug in bls
  130  interrupted

"bls run" ends as the function does, like the existing runtime:

  0-255  the function's own exit code
  1      out of fuel            7    indirect call, wrong type
  2      stack overflow         8    integer overflow
  3      memory out of bounds   9    division by zero
  4      unaligned atomic       10   invalid conversion
  5      table out of bounds    11   unreachable, such as a failed assertion
  6      indirect call, null    12   interrupted, such as by Ctrl-C
  15     deadline passed        16   memory limit
  128    it was not run: wrong usage, no such file, not a usable module or configuration
  255    output limit, null reference, uncaught exception; the sandbox failed, a replay differs

A function's exit code 1 and "out of fuel" look the same here. With --json they do not:
"exit" is {"kind": "exit", "code": 1} or {"kind": "out-of-fuel", "code": 0}, and what is an
error of bls is {"error": {"code", "message", "details"}} on stderr, with nothing on stdout.
`
