import { agreeingVotes } from '@blockless/core'
import { formatCount, formatMs, formatSize, formatTable, shortNode } from '../io/format.ts'
import type { Io } from '../io/io.ts'
import { safeText, styleFor } from '../io/style.ts'
import type { DemoResult } from './demo.ts'
import type { LocalNetwork } from './local-network.ts'

/** Says that the network is up, and where. */
export function printReady(io: Io, { network, url, folder }: LocalNetwork, workers: number, readyInMs: number): void {
  const { bold, dim, cyan } = styleFor(io, io.stdout)
  const [head = ''] = network.heads
  const rows = [
    ['gateway', cyan(url)],
    ['head', shortNode(head)],
    ['workers', `${workers} linked`],
    ['state', folder],
  ]
  io.stdout.write(`${bold('Blockless local network')} ${network.chainId} ${dim(`ready in ${formatMs(readyInMs)}`)}\n`)
  io.stdout.write(indent(formatTable(rows.map(([name = '', value = '']) => [dim(name), value]))))
}

/** The same as one line of JSON. */
export function readyJson(up: LocalNetwork, workers: number, readyInMs: number): string {
  const { network, url, folder, processes } = up
  const { chainId, heads } = network
  const facts = { url, folder, chainId, head: heads[0], workers, readyInMs, pid: process.pid, processes }
  return `${JSON.stringify({ event: 'ready', ...facts })}\n`
}

/** Shows what the demonstration did, its answer, its votes and its checks, and what to try next. */
export function printDemo(io: Io, result: DemoResult, fault: string | undefined): void {
  const { bold, dim, green, red, cyan } = styleFor(io, io.stdout)
  const { built, deployment, receipt, verdict } = result
  const { members } = deployment.subnet
  const write = (text: string): void => io.stdout.write(text)
  write(`\n${bold(result.name)}\n`)
  write(
    indent(
      formatTable([
        [dim('built'), `${formatSize(built.wasm.length)} of WebAssembly`],
        [dim('function'), built.functionCid.toString()],
        [dim('deployed'), `${cyan(deployment.url)} on ${members.length} nodes: ${members.map(shortNode).join(' ')}`],
        [dim('asked'), `GET ${result.url}`],
        [dim('answer'), `${bold(safeText(result.answer.trimEnd()))} ${dim(`in ${formatMs(result.latencyMs)}`)}`],
        [dim('fuel'), `${formatCount(receipt.fuelUsed)} instructions`],
      ]),
    ),
  )
  write(`\n${bold('Receipt')} ${result.receiptCid}\n`)
  const agreeing = new Set(agreeingVotes(receipt))
  write(
    indent(
      formatTable(
        receipt.votes.map((vote) => [
          agreeing.has(vote) ? green('✓') : red('✗'),
          shortNode(vote.node),
          agreeing.has(vote) ? 'voted for it' : 'was outvoted',
          dim(`fuel ${formatCount(vote.fuel)}`),
        ]),
      ),
    ),
  )
  const failed = verdict.checks.filter(({ status }) => status === 'failed')
  const passed = verdict.checks.filter(({ status }) => status === 'passed')
  for (const { name, detail } of failed) write(`  ${red('✗')} ${name}: ${detail}\n`)
  const mark = fault === undefined ? green('✓') : red('✗')
  const summary = `${result.agreeingCount} votes agree; ${passed.length} checks passed, ${failed.length} failed`
  write(`  ${mark} ${fault === undefined ? 'verified' : fault}: ${summary} ${dim('(with no help from the network)')}\n`)
  write(`\n${bold('Try it')}\n`)
  write(`  curl '${deployment.url}?name=you' -i\n`)
  write(`  npx bls verify ${result.receiptCid}\n`)
  write(`  npx bls explain ${result.requestId.slice(0, 12)}\n`)
}

/** The same as one line of JSON. */
export function demoJson(result: DemoResult, fault: string | undefined): string {
  const { built, deployment, url, answer, latencyMs, receiptCid, requestId, receipt, verdict } = result
  return `${JSON.stringify({
    event: 'demo',
    ok: fault === undefined,
    fault,
    functionCid: built.functionCid.toString(),
    members: deployment.subnet.members,
    url,
    answer,
    latencyMs,
    receiptCid,
    requestId,
    fuelUsed: receipt.fuelUsed,
    agreeing: result.agreeingCount,
    checks: verdict.checks,
  })}\n`
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
