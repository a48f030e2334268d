import { type Client, createClient, type ReceiptVerdict, verifyReceipt } from '@blockless/client'
import {
  type Agreement,
  agreementSchema,
  type CID,
  cid,
  isCodedError,
  type Receipt,
  receiptToJson,
  type VerifyOptions,
} from '@blockless/core'
import { findGateway } from '../../config/gateway-address.ts'
import { DOCUMENT_SIZE_MAX } from '../../defaults.ts'
import { UsageError } from '../../errors/cli-error.ts'
import { EXIT_CODES } from '../../exit-codes.ts'
import type { Io } from '../../io/io.ts'
import { readFileBounded } from '../../io/read-files.ts'
import { type AddCommand, type CommonOptions, createCommand } from '../command.ts'
import { resolvePath } from '../options.ts'
import { printVerdict, summarizeVerdict } from './print-verdict.ts'
import { findLocalNetwork, readInput, readNetwork, readReceiptSource, readSubnet } from './read-documents.ts'

interface VerifyFlags extends CommonOptions {
  readonly function?: string
  readonly entry?: string
  readonly agreement?: string
  readonly input?: string
  readonly output?: string
  readonly network?: string
  readonly subnet?: string
  readonly gateway?: string
}

/** `bls verify`: checks a receipt, offline unless told otherwise. */
export const addVerifyCommand: AddCommand = (program, io, finish) => {
  const command = createCommand('verify', 'check a receipt: who ran what, on which input, with which result', [
    'bls verify receipt.json --network network.json --subnet subnet.json',
    'bls invoke hello Ada --json | bls verify -',
    'bls verify bafyreib… --gateway http://localhost:8380',
  ])
    .argument('<receipt>', 'a file (JSON or DAG-CBOR), "-" for stdin, or a CID to fetch from a gateway')
    .option('--function <cid>', 'the function that was meant to run')
    .option('--entry <name>', 'the exported function that was meant to be called')
    .option('--agreement <threshold/nodes>', 'how many equal results of how many nodes had to agree, such as 3/4')
    .option('--input <file>', 'what was sent: {"args": [], "env": {}, "stdin": ""}')
    .option('--output <file>', 'the stdout that came back')
    .option('--network <file>', "the network's genesis; that of a bls up in this folder or above is found by itself")
    .option('--subnet <file>', 'the record of the draw, from GET /subnets/<cid>')
    .option('--gateway <url>', 'fetch from there what is not given; without it a file is checked offline')
    .action(async (source: string, flags: VerifyFlags) => finish(await verifyAction(io, source, flags)))
  program.addCommand(command)
}

async function verifyAction(io: Io, source: string, flags: VerifyFlags): Promise<number> {
  const given = await readGiven(io, flags)
  const wanted = tryParseCid(source)
  const isOnline = wanted !== undefined || flags.gateway !== undefined
  const client = isOnline ? await connect(io, flags.gateway) : undefined
  const receipt =
    wanted === undefined || client === undefined ? await readReceiptSource(io, source) : await client.receipt(wanted)
  const local = await withLocalNetwork(io, receipt, given)
  const options = client === undefined ? local : await complete(io, client, receipt, local)
  const verdict = verifyReceipt(receipt, options)
  if (flags.json === true) printJson(io, verdict)
  else printVerdict(io, verdict)
  return verdict.ok ? EXIT_CODES.ok : EXIT_CODES.failed
}

/** Adds the network of a local `bls up`, if the receipt says that it was made there. */
async function withLocalNetwork(io: Io, source: unknown, given: VerifyOptions): Promise<VerifyOptions> {
  const found = given.network === undefined ? await findLocalNetwork(io) : undefined
  const chainId = found === undefined ? undefined : verifyReceipt(source).receipt?.request.chainId
  if (found === undefined || found.network.chainId !== chainId) return given
  io.stderr.write(`note: the network is that of ${found.path}\n`)
  return { ...given, network: found.network }
}

async function readGiven(io: Io, flags: VerifyFlags): Promise<VerifyOptions> {
  const { function: functionText, entry, agreement, input, output, network, subnet } = flags
  return {
    ...(functionText === undefined ? {} : { functionCid: parseFunctionCid(functionText) }),
    ...(entry === undefined ? {} : { entry }),
    ...(agreement === undefined ? {} : { agreement: parseAgreement(agreement) }),
    ...(input === undefined ? {} : { input: await readInput(io, input) }),
    ...(output === undefined ? {} : { output: await readFileBounded(resolvePath(io, output), DOCUMENT_SIZE_MAX) }),
    ...(network === undefined ? {} : { network: await readNetwork(io, network) }),
    ...(subnet === undefined ? {} : { subnet: await readSubnet(io, subnet) }),
  }
}

async function connect(io: Io, flag: string | undefined): Promise<Client> {
  const { url } = await findGateway(io, flag)
  return createClient({ url, signal: io.signal })
}

/** Fetches the draw and the network if they are not given; a draw that the gateway no longer has leaves checks skipped. */
async function complete(io: Io, client: Client, source: unknown, given: VerifyOptions): Promise<VerifyOptions> {
  const receipt: Receipt | undefined = verifyReceipt(source).receipt
  if (receipt === undefined) return given
  const subnet = given.subnet ?? (await orNothing(client.subnet(receipt.subnet.cid)))
  const network = given.network ?? (await client.network())
  if (given.network === undefined) {
    io.stderr.write('note: the network is as this gateway tells it; give --network to trust nobody\n')
  }
  return { ...given, network, ...(subnet === undefined ? {} : { subnet }) }
}

async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isCodedError(error, 'ERR_SUBNET_UNKNOWN')) return undefined
    throw error
  }
}

function printJson(io: Io, verdict: ReceiptVerdict): void {
  const { ok, isComplete, checks, receipt } = verdict
  const summary = summarizeVerdict(verdict)
  const json = {
    ok,
    isComplete,
    summary,
    checks,
    ...(receipt === undefined ? {} : { receipt: receiptToJson(receipt) }),
  }
  io.stdout.write(`${JSON.stringify(json)}\n`)
}

function tryParseCid(source: string): CID | undefined {
  try {
    return cid().fromJson(source, '')
  } catch {
    return undefined
  }
}

function parseAgreement(source: string): Agreement {
  const [threshold, nodes, ...rest] = source.split('/').map(Number)
  try {
    if (rest.length > 0) throw new UsageError('two numbers are needed')
    const kind = nodes === 1 ? 'direct' : 'aggregate'
    return agreementSchema.check({ kind, nodes, threshold }, 'agreement')
  } catch (cause) {
    if (!isCodedError(cause)) throw cause
    throw new UsageError(`Cannot use --agreement "${source}": ${cause.message}`, 'write it as 3/4', { cause })
  }
}

function parseFunctionCid(source: string): CID {
  const found = tryParseCid(source)
  if (found === undefined) throw new UsageError(`Cannot use --function "${source}": it is not a CID of version 1`)
  return found
}
