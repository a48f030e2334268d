import { requestIdOf, resultHashOf, type Signer, signVote, statementOf, toUtf8 } from '@blockless/core'
import type { Execute, WorkResult } from '../../src/work/messages.ts'

/** The answer of an honest worker that was drawn in epoch `epoch`. */
export function resultFor(signer: Signer, message: Execute, stdout: string, fuel = 10, epoch = 0): WorkResult {
  const { chainId, functionCid } = message.request
  const result = {
    exit: { kind: 'exit' as const, code: 0 },
    stdout: toUtf8(stdout),
    stderr: new Uint8Array(0),
    isPure: true,
    fuelUsed: fuel,
    transcriptHash: new Uint8Array(32),
  }
  const context = { chainId, requestId: requestIdOf(message.request), functionCid, subnetCid: message.subnetCid, epoch }
  const { exit, stderr, isPure, transcriptHash } = result
  const vote = signVote(signer, context, { resultHash: resultHashOf(statementOf(result)), fuel, transcriptHash })
  const timings = { checkUs: 1, queueUs: 1, instantiateUs: 1, runUs: 1, totalUs: 4 }
  return {
    kind: 'result',
    id: message.id,
    exit,
    stdout: result.stdout,
    stderr,
    isPure,
    vote,
    memoryPeakBytes: 0,
    timings,
  }
}
