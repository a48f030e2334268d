import { verifySubnet } from '@blockless/consensus'
import {
  beaconOf,
  type Check,
  type Receipt,
  type Subnet,
  type Verdict,
  type VerifyOptions,
  verify,
} from '@blockless/core'

/** One check of a receipt: core's, or `draw`, that the nodes were drawn as the public seed says. */
export interface ReceiptCheck extends Omit<Check, 'name'> {
  readonly name: Check['name'] | 'draw'
}

/** All checks of one receipt and of the draw behind it. */
export interface ReceiptVerdict extends Omit<Verdict, 'checks'> {
  readonly checks: readonly ReceiptCheck[]
}

/**
 * Verifies a receipt and, given the record of the draw, that the nodes which voted are those that had to.
 *
 * Needs no network, no clock and no trust in whoever sent the receipt; works in Node and in browsers.
 *
 * @param source - a receipt, its canonical bytes, or its JSON form; any bytes and any JSON are safe to pass
 * @param options - what the caller holds; each makes one more check possible, and checks without it are `skipped`
 * @returns a verdict that names each check; it never throws for a bad receipt
 *
 * @example
 * ```ts
 * import { verifyReceipt } from '@blockless/client'
 * const { ok, checks } = verifyReceipt({ version: 1 })
 * assert.equal(ok, false)
 * assert.equal(checks.find(({ status }) => status === 'failed')?.name, 'schema')
 * ```
 */
export function verifyReceipt(source: unknown, options: VerifyOptions = {}): ReceiptVerdict {
  const verdict = verify(source, options)
  const draw: ReceiptCheck = { name: 'draw', ...checkDraw(verdict.receipt, options) }
  const at = verdict.checks.findIndex(({ name }) => name === 'subnet') + 1
  const checks: readonly ReceiptCheck[] = [...verdict.checks.slice(0, at), draw, ...verdict.checks.slice(at)]
  const isComplete = verdict.isComplete && draw.status !== 'skipped'
  return { ok: verdict.ok && draw.status !== 'failed', isComplete, checks, receipt: verdict.receipt }
}

function checkDraw(receipt: Receipt | undefined, { subnet, network }: VerifyOptions): Omit<Check, 'name'> {
  if (receipt === undefined) return { status: 'skipped', detail: 'the receipt is unreadable' }
  if (subnet === undefined) return { status: 'skipped', detail: 'give the record of the draw to draw again' }
  const { ok, detail } = drawAgain(subnet, network)
  if (!ok) return { status: 'failed', detail }
  const seed = network === undefined ? '; give the network to check its seed' : ''
  return { status: 'passed', detail: `${detail}${seed}` }
}

function drawAgain(subnet: Subnet, network: VerifyOptions['network']): { ok: boolean; detail: string } {
  return network === undefined ? verifySubnet(subnet) : verifySubnet(subnet, { network, beacon: beaconOf(network) })
}
