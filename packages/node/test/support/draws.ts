import { formSubnet } from '@blockless/consensus'
import {
  beaconOf,
  type CID,
  candidacyDigest,
  cidOfCanonical,
  type ExecutionRequest,
  encodeCanonical,
  type Network,
  type Subnet,
} from '@blockless/core'
import { testNetwork, testSigner } from '@blockless/testing'

/** A CID of nothing that is anywhere. */
export const FUNCTION_CID: CID = cidOfCanonical(encodeCanonical('function'))

/** A draw of `size` members from `candidatesCount` test signers, from number 1 on. */
export function drawOf(
  candidatesCount: number,
  size: number,
  { epoch = 0, functionCid = FUNCTION_CID }: { readonly epoch?: number; readonly functionCid?: CID } = {},
  network: Network = testNetwork(candidatesCount),
): Subnet {
  const { chainId } = network
  const candidates = Array.from({ length: candidatesCount }, (_, index) => {
    const signer = testSigner(index + 1)
    const signature = signer.sign(candidacyDigest({ chainId, functionCid, epoch, weight: 1 }))
    return { node: signer.nodeId, weight: 1, signature }
  })
  return formSubnet({ chainId, functionCid, epoch, beacon: beaconOf(network), size, candidates })
}

/** A request for three of four on the test network. */
export function requestOf(
  fields: Pick<ExecutionRequest, 'functionCid' | 'inputHash' | 'timestampMs'>,
): ExecutionRequest {
  return {
    version: 1,
    chainId: testNetwork(1).chainId,
    entry: '_start',
    limits: { fuel: 1_000, memoryBytes: 65_536, outputBytes: 100, deadlineMs: 1_000 },
    permissions: [],
    agreement: { kind: 'aggregate', nodes: 4, threshold: 3 },
    nonce: new Uint8Array(16),
    ...fields,
  }
}
