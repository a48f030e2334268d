import { createSigner, type Network, type Signer, sha256, toUtf8 } from '@blockless/core'

/** The signer number `index` of every test: its key is public, so it must never hold anything. */
export function testSigner(index: number): Signer {
  return createSigner(sha256(toUtf8(`blockless test key ${index}`)))
}

/** A network of test signers: head 0, workers 1 to `workersCount`; epochs of a minute since 2026-01-01. */
export function testNetwork(workersCount: number): Network {
  return {
    version: 1,
    chainId: 'blockless-test',
    genesisTimeMs: 1_767_225_600_000,
    epochMs: 60_000,
    heads: [testSigner(0).nodeId],
    workers: Array.from({ length: workersCount }, (_, index) => testSigner(index + 1).nodeId),
  }
}
