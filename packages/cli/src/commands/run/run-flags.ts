import type { Command } from 'commander'
import { Option } from 'commander'
import { UsageError } from '../../errors/cli-error.ts'
import { type CommonOptions, collect } from '../command.ts'

type Many = readonly string[]

/** The flags of `bls run` as they were given. */
export interface RunFlags extends CommonOptions {
  readonly env?: Many
  readonly envFile?: string
  readonly stdin?: string
  readonly stdout?: string
  readonly stderr?: string
  readonly entry?: string
  readonly module?: Many
  readonly release?: boolean
  readonly fuel?: string
  readonly memory?: string
  readonly output?: string
  readonly deadline?: string
  readonly dir?: Many
  readonly permission?: Many
  readonly allowRead?: Many
  readonly allowWrite?: Many
  readonly allowNet?: Many
  readonly allowPrivate?: Many
  readonly allowAll?: boolean
  readonly denyRead?: Many
  readonly denyWrite?: Many
  readonly denyNet?: Many
  readonly operator?: string
  readonly record?: string
  readonly replay?: string
  readonly clock?: 'virtual' | 'real'
  readonly seed?: string
  readonly timestamp?: string
  readonly stats?: boolean
  readonly profile?: string
  readonly fsRootPath?: string
  readonly driversRootPath?: string
  readonly runtimeLogger?: string
  readonly limitedFuel?: string
  readonly limitedMemory?: string
  readonly maxMemorySize?: string
  readonly runTime?: string
  readonly unknownImportsTrap?: boolean
  readonly featureThread?: boolean
}

/** Flag, what it does, and whether it may be given several times. */
type FlagLine = readonly [flags: string, description: string, isMany?: 'many']

const GROUPS: Readonly<Record<string, readonly FlagLine[]>> = {
  'What it is given:': [
    ['--stdin <text>', 'its stdin: text, "-" or "inherit" for ours, "@file" for a file; ours if something is piped in'],
    ['--env <KEY=VALUE>', 'an environment variable', 'many'],
    ['--env-file <file>', 'environment variables, one KEY=VALUE a line; --env goes before it'],
    ['--entry <name>', 'the exported function to call'],
    ['--module <NAME=PATH>', 'a module that it imports from by this name', 'many'],
    ['--release', 'of a project, build what [build_release] says'],
    ['--stdout <where>', '"inherit", "null", or a file to append to'],
    ['--stderr <where>', '"inherit", "null", or a file to append to'],
  ],
  'What it may use:': [
    ['--fuel <count>', 'instructions it may use'],
    ['--memory <size>', 'memory it may use, such as 64MiB'],
    ['--output <size>', 'what it may write to stdout and stderr, such as 4MiB'],
    ['--deadline <time>', 'time it may use, such as 10s'],
  ],
  'What it may reach:': [
    ['--dir <HOST[::GUEST][:ro]>', 'a folder of this machine, under the same or another path', 'many'],
    ['--permission <entry>', 'an entry as in a manifest: https://…, tcp:host:port, read:/path', 'many'],
    ['--allow-net [=hosts]', 'connections to these hosts, or to all', 'many'],
    ['--allow-read [=paths]', 'reading at these paths of the guest, or everywhere', 'many'],
    ['--allow-write [=paths]', 'writing at these paths of the guest, or everywhere', 'many'],
    ['--allow-private <address>', 'an address of this machine or a private network, such as 127.0.0.1:8080', 'many'],
    ['--allow-all', 'everything that is not denied'],
    ['--deny-net [=hosts]', 'no connections to these hosts, whatever allows them', 'many'],
    ['--deny-read [=paths]', 'no reading there', 'many'],
    ['--deny-write [=paths]', 'no writing there', 'many'],
    ['--operator <file>', 'services and bounds as a node has them: IPFS, models, extensions'],
  ],
  'Running it again:': [
    ['--record <file>', 'write down all that the run was given and told, and its result'],
    ['--replay <file>', 'repeat a recorded run bit for bit, without the network or the files'],
    ['--seed <text>', 'where its randomness begins: 64 hexadecimal digits, or any text'],
    ['--timestamp <time>', 'where its clock begins: milliseconds since 1970, or a date such as 2026-01-31T12:00:00Z'],
  ],
  'What it tells:': [
    ['--stats', 'print what it used'],
    ['--profile <file>', 'write where its fuel went: folded stacks, or for speedscope if the name ends in .json'],
  ],
  'Flags of the existing runtime:': [
    ['--fs-root-path <folder>', 'a folder of this machine as its "/"'],
    ['--drivers-root-path <folder>', 'the folder of installed extensions and drivers'],
    ['--runtime-logger <file>', 'append what the sandbox logs to this file'],
    ['--limited-fuel <count>', 'the same as --fuel'],
    ['--limited-memory <pages>', 'as --memory, in pages of 64 KiB'],
    ['--max-memory-size <bytes>', 'as --memory, in bytes'],
    ['--run-time <ms>', 'as --deadline, in milliseconds'],
    ['--unknown-imports-trap', 'run it though it imports what nobody provides; calling that is a trap'],
    ['--feature-thread', 'let it have shared memories and atomic instructions; it has one thread all the same'],
    ['-O, --opt <KEY=VALUE>', 'taken, without effect', 'many'],
    ['--debug-info', 'taken, without effect'],
    ['--cli-exit-with-code', 'taken, without effect: exit codes of functions are always passed on'],
    ['--network-error-code', 'taken, without effect'],
  ],
}

/** Flags of the existing runtime that have no counterpart, and what there is instead. */
const NOT_OFFERED: Readonly<Record<string, readonly [flags: string, instead: string]>> = {
  tcplisten: [
    '--tcplisten <address>',
    'let the function listen with blockless_socket and --permission listen:HOST:PORT',
  ],
  nn: ['--nn', 'use blockless_llm with a model of --operator'],
  nnGraph: ['--nn-graph <graph>', 'use blockless_llm with a model of --operator'],
  v86: ['--v86', 'compile the program to WebAssembly'],
  component: ['--component', 'build the program as a core module (wasm32-wasip1)'],
}

const CLOCK =
  'whose time it is told: "virtual", the default, counts instructions, so that runs repeat; "real" is that of this machine'

/** Adds all flags to the command. */
export function addRunFlags(command: Command): Command {
  for (const [group, lines] of Object.entries(GROUPS)) {
    for (const line of lines) command.addOption(optionOf(line).helpGroup(group))
  }
  const clock = new Option('--clock <kind>', CLOCK).choices(['virtual', 'real'])
  command.addOption(clock.helpGroup('Running it again:'))
  for (const [flags] of Object.values(NOT_OFFERED)) command.addOption(new Option(flags).hideHelp())
  return command
}

function optionOf([flags, description, isMany]: FlagLine): Option {
  // "[=list]" is how it is written, because a value that is not attached would be the module's path
  const option = new Option(flags.replace('[=', '['), description)
  option.flags = flags.replace(' [=', '[=')
  return isMany === undefined ? option : option.argParser(collect)
}

/** @throws {UsageError} if a flag was given that stands for something that is not offered */
export function refuseNotOffered(flags: object): void {
  for (const [name, [flag, instead]] of Object.entries(NOT_OFFERED)) {
    if (name in flags) throw new UsageError(`Cannot use ${flag.split(' ')[0]}: it is not offered`, instead)
  }
}

const ACCESS_FLAG = /^--(?:allow|deny)-(?:read|write|net)$/

/**
 * The arguments of `bls run` in the form in which they are parsed: `--allow-net` without a value is for everything and
 * never takes the next argument along, and the existing runtime's spelling with `_` is known, too.
 */
export function normalizeRunArgs(args: readonly string[]): readonly string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length
  return args.map((arg, index) => {
    if (index >= end || !arg.startsWith('--')) return arg
    const [name = '', ...value] = arg.split('=')
    const hyphened = [name.replaceAll('_', '-'), ...value].join('=')
    return ACCESS_FLAG.test(hyphened) ? `${hyphened}=*` : hyphened
  })
}

/** Flags that say what a recording says, so that they make no sense beside one. */
const RECORDED: readonly (keyof RunFlags)[] = [
  ...(['env', 'envFile', 'stdin', 'entry', 'fuel', 'memory', 'output', 'deadline', 'dir', 'permission'] as const),
  ...(['allowRead', 'allowWrite', 'allowNet', 'allowPrivate', 'allowAll', 'denyRead', 'denyWrite', 'denyNet'] as const),
  ...(['operator', 'record', 'clock', 'seed', 'timestamp', 'fsRootPath', 'driversRootPath', 'limitedFuel'] as const),
  ...(['limitedMemory', 'maxMemorySize', 'runTime', 'unknownImportsTrap', 'featureThread'] as const),
]

/** @throws {UsageError} if a run is to be replayed and described anew at once */
export function checkReplayFlags(flags: RunFlags, args: readonly string[]): void {
  if (flags.replay === undefined) return
  const extra = RECORDED.find((name) => flags[name] !== undefined)
  const found =
    extra === undefined ? args[0] : `--${extra.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  if (found === undefined) return
  throw new UsageError(`Cannot use "${found}" with --replay: the recording says it already`, 'leave it out')
}
