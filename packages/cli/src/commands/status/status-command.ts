import { createClient, type DeployedFunction, type Status } from '@blockless/client'
import { findGateway, type GatewayAddress } from '../../config/gateway-address.ts'
import { EXIT_CODES } from '../../exit-codes.ts'
import { formatTable, shortNode } from '../../io/format.ts'
import type { Io } from '../../io/io.ts'
import { withProgress } from '../../io/progress.ts'
import { safeLine, styleFor } from '../../io/style.ts'
import { type AddCommand, type CommonOptions, createCommand } from '../command.ts'

interface StatusFlags extends CommonOptions {
  readonly gateway?: string
}

/** `bls status`: how the network does, and which functions are deployed. */
export const addStatusCommand: AddCommand = (program, io, finish) => {
  const command = createCommand('status', 'show how the network does and which functions are deployed', [
    'bls status',
    'bls status --gateway http://localhost:8380 --json',
  ])
    .option('--gateway <url>', 'where the network is (BLS_GATEWAY)')
    .action(async (flags: StatusFlags) => finish(await statusAction(io, flags)))
  program.addCommand(command)
}

async function statusAction(io: Io, { gateway: flag, json = false }: StatusFlags): Promise<number> {
  const gateway = await findGateway(io, flag)
  const client = createClient({ url: gateway.url, signal: io.signal })
  const [status, functions] = await withProgress(io, { text: `Asking ${gateway.url}`, isQuiet: json }, async () =>
    Promise.all([client.status(), client.functions()]),
  )
  if (json) {
    const listed = functions.map((each) => ({ ...each, functionCid: each.functionCid.toString() }))
    io.stdout.write(`${JSON.stringify({ gateway, status, functions: listed })}\n`)
  } else {
    printStatus(io, gateway, status)
    printFunctions(io, functions)
  }
  return EXIT_CODES.ok
}

function printStatus(io: Io, { url, source }: GatewayAddress, status: Status): void {
  const style = styleFor(io, io.stdout)
  const { chainId, version, head, workers, underWay, startedAtMs } = status
  const upMinutes = Math.max(0, Math.floor((io.now() - startedAtMs) / 60_000))
  const rows = [
    ['gateway', `${url} ${style.dim(`(${source})`)}`],
    ['network', `${chainId}, version ${safeLine(version)}, up ${upMinutes} min`],
    ['head', shortNode(head)],
    ['workers', workers.length === 0 ? style.red('none') : `${workers.length}: ${workers.map(shortNode).join(' ')}`],
    ['requests', `${underWay} under way`],
  ].map(([label = '', value = '']) => [style.dim(label), value])
  io.stdout.write(formatTable(rows))
}

function printFunctions(io: Io, functions: readonly DeployedFunction[]): void {
  const style = styleFor(io, io.stdout)
  if (functions.length === 0) {
    io.stdout.write('\nNo functions are deployed; "bls deploy" deploys one.\n')
    return
  }
  const head = ['FUNCTION', 'VERSION', 'DEPLOYED', 'URL', 'CID'].map(style.dim)
  const rows = functions.map(({ name, version, createdAtMs, url, functionCid }) => {
    const deployed = new Date(createdAtMs).toISOString().slice(0, 16).replace('T', ' ')
    return [name, String(version), deployed, safeLine(url), functionCid.toString()]
  })
  io.stdout.write(`\n${formatTable([head, ...rows])}`)
}
