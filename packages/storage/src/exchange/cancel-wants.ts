import type { Libp2p, PeerId } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'
import { BITSWAP_PROTOCOL, CANCEL_TIMEOUT_MS } from '../defaults.ts'

const CANCELS_MAX = 1024

/**
 * Tells a peer which blocks are no longer wanted.
 *
 * Helia's Bitswap never does: its peers then keep every want, answer "don't have" to it only once, and do not send
 * the same block again for five seconds, so that a second fetch after an eviction would wait for nothing.
 *
 * @param signal - ends it early; whether the peer heard it does not matter
 * @see https://specs.ipfs.tech/bitswap-protocol/#bitswap-1-2-0-wire-format
 */
export async function cancelWants(
  libp2p: Libp2p,
  peer: PeerId,
  cids: readonly CID[],
  signal: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(CANCEL_TIMEOUT_MS)])
  for (let start = 0; start < cids.length; start += CANCELS_MAX) {
    const stream = await libp2p.dialProtocol(peer, BITSWAP_PROTOCOL, { signal: deadline })
    try {
      const message = encodeCancels(cids.slice(start, start + CANCELS_MAX))
      if (!stream.send(message)) await stream.onDrain({ signal: deadline })
      await stream.close({ signal: deadline })
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('Cannot send cancels', { cause: error }))
      throw error
    }
  }
}

/** A length-prefixed Bitswap message: `Message { wantlist: { entries: [{ block = cid, cancel = true }] } }`. */
function encodeCancels(cids: readonly CID[]): Uint8Array {
  // Protobuf tags: field << 3 | wire type, where 2 has a length and 0 is a number.
  const entries = cids.flatMap((cid) => withLength(0x0a, [...withLength(0x0a, [...cid.bytes]), 0x18, 0x01]))
  const message = withLength(0x0a, entries)
  return Uint8Array.from([...varint(message.length), ...message])
}

function withLength(tag: number, content: readonly number[]): number[] {
  return [tag, ...varint(content.length), ...content]
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  return bytes
}
