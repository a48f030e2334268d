import { type Client, createClient } from '@blockless/client'
import type { Story } from '@blockless/core'
import { findGateway } from '../../config/gateway-address.ts'
import { CliError } from '../../errors/cli-error.ts'
import { EXIT_CODES } from '../../exit-codes.ts'
import type { Io } from '../../io/io.ts'
import { withProgress } from '../../io/progress.ts'
import { type AddCommand, type CommonOptions, createCommand } from '../command.ts'
import { printStory } from './print-story.ts'

interface ExplainFlags extends CommonOptions {
  readonly gateway?: string
}

/** `bls explain`: the story of one request. */
export const addExplainCommand: AddCommand = (program, io, finish) => {
  const command = createCommand(
    'explain',
    'tell the story of a request: who was asked, who voted how, where time went',
    ['bls explain', 'bls explain 1f3a9c2e', 'bls explain bafyreib… --json'],
  )
    .argument('[request]', 'request id, its first 8 digits or more, or the CID of its receipt; the latest if none')
    .option('--gateway <url>', 'where the network is (BLS_GATEWAY)')
    .action(async (id: string | undefined, flags: ExplainFlags) => finish(await explainAction(io, id, flags)))
  program.addCommand(command)
}

async function explainAction(io: Io, id: string | undefined, { gateway, json = false }: ExplainFlags): Promise<number> {
  const { url } = await findGateway(io, gateway)
  const client = createClient({ url, signal: io.signal })
  const story = await withProgress(io, { text: `Asking ${url}`, isQuiet: json }, async () => findStory(client, id))
  if (json) io.stdout.write(`${JSON.stringify(story)}\n`)
  else printStory(io, story)
  return EXIT_CODES.ok
}

async function findStory(client: Client, id: string | undefined): Promise<Story> {
  if (id !== undefined) return await client.story(id)
  const [latest] = await client.requests(1)
  if (latest !== undefined) return latest
  const hint = '"bls invoke <function>" makes one'
  throw new CliError('ERR_REQUEST_UNKNOWN', 'Cannot explain a request: there was none yet', { hint })
}
