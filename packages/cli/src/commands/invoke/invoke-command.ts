import { writeFile } from 'node:fs/promises'
import { createClient, type Invocation, type ReceiptVerdict, verifyReceipt } from '@blockless/client'
import { describeExit, encodeReceipt, type Limits, receiptToJson, toHex } from '@blockless/core'
import { findGateway } from '../../config/gateway-address.ts'
import { CliError, FileError } from '../../errors/cli-error.ts'
import { EXIT_CODES } from '../../exit-codes.ts'
import { formatCount } from '../../io/format.ts'
import type { Io } from '../../io/io.ts'
import { withProgress } from '../../io/progress.ts'
import { styleFor } from '../../io/style.ts'
import { type AddCommand, type CommonOptions, collect, createCommand } from '../command.ts'
import { parseCount, parseDuration, parseEnv, parseSize, readGuestStdin, resolvePath } from '../options.ts'
import { textOf } from '../text-of.ts'

interface InvokeFlags extends CommonOptions {
  readonly stdin?: string
  readonly env?: readonly string[]
  readonly fuel?: string
  readonly memory?: string
  readonly deadline?: string
  readonly receipt?: string
  readonly gateway?: string
}

/** `bls invoke`: runs a deployed function on the network and checks the receipt. */
export const addInvokeCommand: AddCommand = (program, io, finish) => {
  const command = createCommand('invoke', 'run a deployed function and print what it prints', [
    'bls invoke hello Ada',
    'echo Grace | bls invoke hello --stdin -',
    'bls invoke hello --env LANG=de --receipt receipt.json',
  ])
    .argument('<function>', 'its name or its CID')
    .argument('[args...]', 'arguments of the function; write those with a dash after "--"')
    .option('--stdin <text>', 'its stdin: text, "-" for ours, "@file" for a file')
    .option('--env <KEY=VALUE>', 'an environment variable, may be given again', collect)
    .option('--fuel <count>', 'instructions it may use')
    .option('--memory <size>', 'memory it may use, such as 64MiB')
    .option('--deadline <time>', 'time it may use on a node, such as 10s')
    .option('--receipt <file>', 'save the receipt: canonical bytes if the name ends in .cbor, else JSON')
    .option('--gateway <url>', 'where the network is (BLS_GATEWAY)')
    .action(async (name: string, args: string[], flags: InvokeFlags) =>
      finish(await invokeAction(io, { name, args, flags })),
    )
  program.addCommand(command)
}

interface InvokeRequest {
  readonly name: string
  readonly args: readonly string[]
  readonly flags: InvokeFlags
}

async function invokeAction(io: Io, { name, args, flags }: InvokeRequest): Promise<number> {
  const { url } = await findGateway(io, flags.gateway)
  const client = createClient({ url, signal: io.signal })
  const stdin = await readGuestStdin(io, flags.stdin)
  const call = { args, env: parseEnv(flags.env), stdin, limits: limitsOf(flags) }
  const startedMs = io.now()
  const invocation = await withProgress(io, { text: `Running ${name}`, isQuiet: flags.json === true }, async () =>
    client.invoke(name, call),
  )
  const tookMs = io.now() - startedMs
  const { functionCid, stdout } = invocation
  const verdict = verifyReceipt(invocation.receipt, { functionCid, output: stdout })
  if (flags.receipt !== undefined) await saveReceipt(resolvePath(io, flags.receipt), invocation)
  if (flags.json === true) io.stdout.write(`${JSON.stringify(toJson(invocation, verdict))}\n`)
  else printInvocation(io, invocation, { verdict, tookMs })
  if (!verdict.ok) throw invalidReceipt(verdict)
  return invocation.exit.kind === 'exit' && invocation.exit.code === 0 ? EXIT_CODES.ok : EXIT_CODES.failed
}

function limitsOf({ fuel, memory, deadline }: InvokeFlags): Partial<Limits> {
  return {
    ...(fuel === undefined ? {} : { fuel: parseCount('--fuel', fuel) }),
    ...(memory === undefined ? {} : { memoryBytes: parseSize('--memory', memory) }),
    ...(deadline === undefined ? {} : { deadlineMs: parseDuration('--deadline', deadline) }),
  }
}

async function saveReceipt(path: string, { receipt }: Invocation): Promise<void> {
  const content = path.endsWith('.cbor')
    ? encodeReceipt(receipt)
    : `${JSON.stringify(receiptToJson(receipt), null, 2)}\n`
  try {
    await writeFile(path, content)
  } catch (cause) {
    throw new FileError('write', path, cause)
  }
}

function toJson(invocation: Invocation, verdict: ReceiptVerdict): unknown {
  const { requestId, receiptCid, functionCid, exit, stdout, stderr, fuelUsed, receipt } = invocation
  const failed = verdict.checks.filter(({ status }) => status === 'failed')
  return {
    requestId: toHex(requestId),
    receiptCid: receiptCid.toString(),
    functionCid: functionCid.toString(),
    exit,
    stdout: textOf(stdout),
    stderr: textOf(stderr),
    fuelUsed,
    verified: { ok: verdict.ok, failed },
    receipt: receiptToJson(receipt),
  }
}

interface InvocationFacts {
  readonly verdict: ReceiptVerdict
  readonly tookMs: number
}

function printInvocation(io: Io, invocation: Invocation, { verdict, tookMs }: InvocationFacts): void {
  const { stdout, stderr, exit, receipt, fuelUsed, receiptCid, requestId } = invocation
  io.stdout.write(stdout)
  io.stderr.write(stderr)
  const isFine = exit.kind === 'exit' && exit.code === 0
  const style = styleFor(io, io.stderr)
  if (!isFine) io.stderr.write(`${style.red(`${describeExit(exit)}.`)}\n`)
  if (!io.stderr.isTty || !verdict.ok) return
  if (stdout.length > 0 && stdout.at(-1) !== 0x0a) io.stderr.write('\n')
  const { threshold, nodes } = receipt.request.agreement
  const votes = `${receipt.votes.length} votes, ${threshold} of ${nodes} needed`
  const lines = [
    `${style.green('✓')} ${votes}, signatures checked · ${formatCount(fuelUsed)} fuel · ${tookMs} ms`,
    `  receipt ${receiptCid.toString()}`,
    `  why: bls explain ${toHex(requestId).slice(0, 12)}`,
  ]
  io.stderr.write(lines.map((line) => `${line}\n`).join(''))
}

function invalidReceipt(verdict: ReceiptVerdict): CliError {
  const failed = verdict.checks.filter(({ status }) => status === 'failed')
  const details = failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ')
  const hint = 'do not use this output: the gateway cannot prove it'
  return new CliError('ERR_RECEIPT_INVALID', `Cannot trust the receipt: ${details}`, { failed, hint })
}
