/** What a driver's thread is started with. */
export interface DriverSource {
  readonly kind: 'wasm' | 'javascript'
  /** The driver itself, whose hash was checked. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Milliseconds since the Unix epoch, and 32 bytes of randomness, for drivers without a machine of their own. */
  readonly nowMs: number
  readonly seed: Uint8Array
}

/** One call of a driver; one at a time. */
export type DriverRequest =
  | { readonly verb: 'open'; readonly url: string; readonly options: Uint8Array }
  | { readonly verb: 'read'; readonly handle: number; readonly size: number }
  | { readonly verb: 'write'; readonly handle: number; readonly bytes: Uint8Array }
  | { readonly verb: 'close'; readonly handle: number }

/** What came of a call: an error of drivers, 0 for none, with a handle or a count, and bytes. */
export interface DriverReply {
  readonly error: number
  readonly value: number
  readonly bytes: Uint8Array
}

/** What the owner sends: calls, and answers to what the driver itself asks of the host. */
export type ToDriver =
  | { readonly kind: 'request'; readonly request: DriverRequest }
  | { readonly kind: 'answer'; readonly answer: Uint8Array }

/** What the thread sends. */
export type FromDriver =
  | { readonly kind: 'ready' }
  | { readonly kind: 'reply'; readonly reply: DriverReply }
  /** A host call of the driver's own. */
  | { readonly kind: 'call'; readonly call: Uint8Array }
  /** The driver can do no more; the thread is to be ended. */
  | { readonly kind: 'broken'; readonly why: string }
