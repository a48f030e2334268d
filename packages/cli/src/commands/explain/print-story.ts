import type { Divergence, Story, StoryEvent } from '@blockless/core'
import { formatCount, formatMs, formatSize, formatTable, shortNode } from '../../io/format.ts'
import type { Io } from '../../io/io.ts'
import { type Style, safeLine, styleFor } from '../../io/style.ts'

const BAR_WIDTH = 24

/** Tells a story: the outcome, who was drawn, what happened when, where results differ, where the time went. */
export function printStory(io: Pick<Io, 'stdout' | 'env'>, story: Story): void {
  const style = styleFor(io, io.stdout)
  const sections = [
    describeOutcome(story, style),
    describeSubnet(story, style),
    describeEvents(story, style),
    story.divergence === undefined ? '' : describeDivergence(story.divergence, style),
    describeTimings(story, style),
    describeReceipt(story, style),
  ]
  io.stdout.write(sections.filter((section) => section !== '').join('\n'))
}

function describeOutcome(
  { requestId, functionName, functionCid, timestampMs, outcome, detail }: Story,
  style: Style,
): string {
  const colour = outcome === 'decided' ? style.green : style.red
  const when = new Date(timestampMs).toISOString().replace('T', ' ').replace('Z', ' UTC')
  const rows = [
    ['request', requestId],
    ['function', `${style.bold(safeLine(functionName))}  ${safeLine(functionCid)}`],
    ['at', when],
    ['outcome', `${style.bold(colour(outcome))}: ${safeLine(detail)}`],
  ].map(([label = '', value = '']) => [style.dim(label), value])
  return formatTable(rows)
}

function describeSubnet({ subnet, agreement, epoch }: Story, style: Style): string {
  const { members, spares, candidatesCount, declined, formedInMs, cid } = subnet
  const rule = agreement.kind === 'direct' ? 'one node' : `${agreement.threshold} of ${agreement.nodes} must agree`
  const rows = [
    ['members', members.map(shortNode).join(' ')],
    ['spares', spares.length === 0 ? 'none' : spares.map(shortNode).join(' ')],
    ...declined.map(({ node, code, message }) => [
      'declined',
      `${shortNode(node)}  ${safeLine(code)}: ${safeLine(message)}`,
    ]),
    ['record', safeLine(cid)],
  ].map(([label = '', value = '']) => ['', style.dim(label), value])
  const drawn = `drawn from ${candidatesCount} candidates for epoch ${epoch}, formed in ${formatMs(formedInMs)}; ${rule}`
  return `${style.bold('Subnet')}  ${drawn}\n${formatTable(rows)}`
}

function describeEvents(story: Story, style: Style): string {
  const labels = labelResults(story, style)
  const rows = story.events.map((event) => [
    '',
    style.dim(formatMs(event.atMs)),
    ...describeEvent(story, event, { labels, style }),
  ])
  return `${style.bold('What happened')}\n${formatTable(rows)}`
}

interface EventContext {
  readonly labels: ReadonlyMap<string, string>
  readonly style: Style
}

function describeEvent(story: Story, event: StoryEvent, { labels, style }: EventContext): readonly string[] {
  switch (event.kind) {
    case 'asked': {
      const isSpare = story.subnet.spares.includes(event.node)
      return [' ', shortNode(event.node), isSpare ? 'asked, in place of one that failed' : 'asked']
    }
    case 'voted': {
      const { fuel, memoryPeakBytes, roundTripMs, timings } = event
      const cost = `${formatCount(fuel)} fuel, ${formatSize(memoryPeakBytes)}`
      const time = `${formatMs(roundTripMs)}, of which it ran ${formatMs(timings.runUs / 1_000)}`
      return [
        labels.get(event.resultHash) ?? '?',
        shortNode(event.node),
        `voted: ${safeLine(event.exit)}; ${cost}; ${time}`,
      ]
    }
    case 'failed':
      return [
        style.red('✗'),
        shortNode(event.node),
        `failed: ${safeLine(event.message)} ${style.dim(safeLine(event.code))}`,
      ]
    case 'equivocated':
      return [style.red('✗'), shortNode(event.node), style.red('voted twice, for different results: this is provable')]
    case 'ended':
      return [' ', 'head', `ended: ${safeLine(event.outcome)}`]
  }
}

/** ✓ for votes for the agreed result, ✗ for others; without an agreed one, a letter per result. */
function labelResults({ events, agreement }: Story, style: Style): ReadonlyMap<string, string> {
  const counts = new Map<string, number>()
  for (const event of events) {
    if (event.kind === 'voted') counts.set(event.resultHash, (counts.get(event.resultHash) ?? 0) + 1)
  }
  const hashes = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0))
  const [first] = hashes
  const isAgreed = first !== undefined && (counts.get(first) ?? 0) >= agreement.threshold
  const label = (hash: string, index: number): string => {
    if (!isAgreed) return style.yellow(String.fromCharCode(0x41 + (index % 26)))
    return hash === first ? style.green('✓') : style.red('✗')
  }
  return new Map(hashes.map((hash, index) => [hash, label(hash, index)]))
}

function describeDivergence({ field, offset, groups }: Divergence, style: Style): string {
  const place = offset === undefined ? field : `${field}, from byte ${offset}`
  const rows = groups.map(({ nodes, excerpt }) => ['', nodes.map(shortNode).join(' '), JSON.stringify(excerpt)])
  return `${style.bold('Results differ')}  in ${place}\n${formatTable(rows)}`
}

function describeTimings({ timings }: Story, style: Style): string {
  const { totalMs } = timings
  const parts = [
    ['waiting for a subnet', timings.subnetMs],
    ['encoding the request', timings.encodeMs],
    ['on the wire', timings.wireMs],
    ["worker's checks", timings.workerCheckMs],
    ['waiting for a thread', timings.queueMs],
    ['starting the module', timings.instantiateMs],
    ['running', timings.runMs],
    ['to the sandbox and back', timings.handoverMs],
    ['checking signatures', timings.verifyMs],
    ['stragglers, receipt', timings.settleMs],
  ] as const
  const longest = Math.max(...parts.map(([, ms]) => ms), Number.MIN_VALUE)
  const rows = parts.map(([label, ms]) => ['', label, formatMs(ms).padStart(10), style.cyan(bar(ms / longest))])
  return `${style.bold('Where the time went')}  ${formatMs(totalMs)} in all\n${formatTable(rows)}`
}

function bar(share: number): string {
  return '█'.repeat(Math.round(share * BAR_WIDTH))
}

function describeReceipt({ receiptCid }: Story, style: Style): string {
  if (receiptCid === undefined) return `${style.bold('Receipt')}  none, as nothing was agreed\n`
  const cid = safeLine(receiptCid)
  return `${style.bold('Receipt')}  ${cid}\n         ${style.dim(`bls verify ${cid}`)}\n`
}
