/** ECDSA over secp256k1 with public key recovery, as each platform provides it. */
export interface Ecdsa {
  /** The 33-byte compressed public key of a 32-byte private key, or undefined if that key is out of range. */
  publicKey(privateKey: Uint8Array): Uint8Array | undefined
  /** `r ‖ s ‖ recovery id`, 65 bytes, low-S, deterministic (RFC 6979). */
  sign(digest: Uint8Array, privateKey: Uint8Array): Uint8Array
  /** The compressed public key that signed, or undefined if there is none. `s` may be high: callers check. */
  recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined
}
