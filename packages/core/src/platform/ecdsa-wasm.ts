import { pointFromScalar, recover, signRecoverable } from 'tiny-secp256k1'
import type { Ecdsa } from './ecdsa.ts'

/** libsecp256k1 compiled to WebAssembly: browsers, and machines without a prebuilt addon. 0.36 ms per recovery. */
export const ecdsa: Ecdsa = {
  publicKey(privateKey) {
    try {
      return pointFromScalar(privateKey, true) ?? undefined
    } catch {
      return undefined // the library throws on a scalar that is not in [1, n)
    }
  },
  sign(digest, privateKey) {
    const { signature, recoveryId } = signRecoverable(digest, privateKey)
    const bytes = new Uint8Array(65)
    bytes.set(signature)
    bytes[64] = recoveryId
    return bytes
  },
  recover(digest, signature) {
    const recoveryId = signature[64]
    if (recoveryId !== 0 && recoveryId !== 1 && recoveryId !== 2 && recoveryId !== 3) return undefined
    try {
      return recover(digest, signature.subarray(0, 64), recoveryId, true) ?? undefined
    } catch {
      return undefined // r or s is zero or not below the group's order
    }
  },
}
