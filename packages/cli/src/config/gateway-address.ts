import { GATEWAY_URL } from '../defaults.ts'
import { UsageError } from '../errors/cli-error.ts'
import type { Io } from '../io/io.ts'
import { readBlsToml } from './read-bls-toml.ts'
import { readUpRecord, stateFolders } from './state-files.ts'

/** A gateway's address and where it was found. */
export interface GatewayAddress {
  readonly url: string
  readonly source: 'flag' | 'environment' | 'bls.toml' | 'bls up' | 'default'
}

/**
 * Finds the gateway: `--gateway`, then `BLS_GATEWAY`, then `gateway` in bls.toml, then a running `bls up` of this
 * folder or one above, or of the project's, then the default.
 *
 * @param project - folder of the bls.toml. Default: the current folder, where a file that cannot be used is passed over
 * @throws {UsageError} if the address found is none
 */
export async function findGateway(
  io: Pick<Io, 'cwd' | 'env'>,
  flag: string | undefined,
  project?: string,
): Promise<GatewayAddress> {
  const { env } = io
  if (flag !== undefined) return checked({ url: flag, source: 'flag' })
  const variable = env['BLS_GATEWAY'] ?? ''
  if (variable !== '') return checked({ url: variable, source: 'environment' })
  const configured = await readBlsToml(project ?? io.cwd).catch(() => undefined)
  if (configured?.gateway !== undefined) return checked({ url: configured.gateway, source: 'bls.toml' })
  const running = (await findRunning(io.cwd)) ?? (project === undefined ? undefined : await findRunning(project))
  return running === undefined ? { url: GATEWAY_URL, source: 'default' } : checked({ url: running, source: 'bls up' })
}

function checked(address: GatewayAddress): GatewayAddress {
  if (URL.canParse(address.url) && /^https?:\/\//.test(address.url)) return address
  const from =
    address.source === 'flag' ? '--gateway' : address.source === 'environment' ? 'BLS_GATEWAY' : address.source
  throw new UsageError(
    `Cannot use gateway "${address.url}" (${from}): it is not an http or https URL`,
    `write it as ${GATEWAY_URL}`,
  )
}

async function findRunning(folder: string): Promise<string | undefined> {
  for (const state of stateFolders(folder)) {
    const record = await readUpRecord(state)
    if (record !== undefined && isAlive(record.pid)) return record.url
  }
  return undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process lives, but may not be signalled.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
