import { report } from '../support/report.ts'
import { measureCold } from './cold.ts'
import { measureKill } from './kill.ts'
import { measurePeers } from './peers.ts'
import { measureWaiting } from './waiting.ts'
import { measureWarm } from './warm.ts'

// What the sandbox costs: a warm run, the first run of a new module, a thousand guests that wait; beside it, in the same
// run, the same program by node:wasi and wasmtime, neither of which isolates it in another process.

const measures = [
  ...(await measureWarm()),
  ...(await measureCold()),
  ...(await measureWaiting()),
  ...(await measureKill()),
  ...(await measurePeers()),
]
const valueNamed = (name: string): number => measures.find((measure) => measure.name === name)?.value ?? Number.NaN
const ratio = valueNamed('sandbox.warm.p50') / valueNamed('peer.nodeWasi.warm.p50')
measures.push({ bench: 'sandbox', name: 'sandbox.warm.overNodeWasi', value: ratio, unit: '×' })
report(measures, { isJson: process.argv.includes('--json') })
