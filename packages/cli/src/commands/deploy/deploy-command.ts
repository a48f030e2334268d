import { createClient, type Deployment } from '@blockless/client'
import { findGateway } from '../../config/gateway-address.ts'
import { EXIT_CODES } from '../../exit-codes.ts'
import { formatTable, shortNode } from '../../io/format.ts'
import type { Io } from '../../io/io.ts'
import { withProgress } from '../../io/progress.ts'
import { safeLine, styleFor } from '../../io/style.ts'
import { buildShowing } from '../build-function/build-command.ts'
import { type AddCommand, type CommonOptions, createCommand } from '../command.ts'
import { resolvePath } from '../options.ts'

interface DeployFlags extends CommonOptions {
  readonly gateway?: string
  readonly debugBuild?: boolean
}

/** `bls deploy`: builds a project's function and gives it to the network. */
export const addDeployCommand: AddCommand = (program, io, finish) => {
  const command = createCommand('deploy', 'build the function of a project and deploy it', [
    'bls deploy',
    'bls deploy examples/hello --gateway http://localhost:8380',
  ])
    .argument('[folder]', 'the project, with its bls.toml', '.')
    .option('--debug-build', 'deploy what [build] of bls.toml makes, instead of [build_release]')
    .option('--gateway <url>', 'where to deploy it (BLS_GATEWAY)')
    .action(async (folder: string, flags: DeployFlags) => finish(await deployAction(io, folder, flags)))
  program.addCommand(command)
}

async function deployAction(io: Io, folder: string, flags: DeployFlags): Promise<number> {
  const { json: isJson = false, debugBuild = false } = flags
  const project = resolvePath(io, folder)
  const { manifest, wasm } = await buildShowing(io, project, { release: !debugBuild, isJson })
  const { url } = await findGateway(io, flags.gateway, project)
  const client = createClient({ url, signal: io.signal })
  const deployment = await withProgress(
    io,
    { text: `Deploying ${manifest.name} to ${url}`, isQuiet: isJson },
    async () => client.deploy({ manifest, wasm }),
  )
  if (isJson) io.stdout.write(`${JSON.stringify(toJson(deployment))}\n`)
  else printDeployment(io, deployment)
  return EXIT_CODES.ok
}

function toJson(deployment: Deployment): unknown {
  const { functionCid, subnet } = deployment
  return { ...deployment, functionCid: functionCid.toString(), subnet: { ...subnet, cid: subnet.cid.toString() } }
}

function printDeployment(io: Io, { name, functionCid, version, isNew, url, agreement, subnet }: Deployment): void {
  const style = styleFor(io, io.stdout)
  const what = isNew
    ? `Deployed ${style.bold(name)}, version ${version}`
    : `${style.bold(name)} is deployed already, version ${version}`
  const { nodes, threshold } = agreement
  const rule = nodes === 1 ? 'one node, nobody checks it' : `${threshold} of ${nodes} nodes must agree`
  const rows = [
    ['CID', functionCid.toString()],
    ['URL', safeLine(url)],
    ['rule', rule],
    ['nodes', `${subnet.members.map(shortNode).join(' ')}  (epoch ${subnet.epoch}, ${subnet.spares.length} spares)`],
  ].map(([label = '', value = '']) => ['', style.dim(label), value])
  io.stdout.write(`${style.green('✓')} ${what}\n${formatTable(rows)}`)
  io.stdout.write(`\nTry it:  curl ${safeLine(url)}    or    bls invoke ${name}\n`)
}
