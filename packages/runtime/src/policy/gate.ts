/** Something a guest wants done in the world outside. */
export type Action =
  /** A request over HTTP, by the parsed URL; asked again for each redirect. */
  | { readonly kind: 'fetch'; readonly url: URL; readonly method: string }
  /** A TCP connection to `host`, a name or an address as the guest wrote it. */
  | { readonly kind: 'connect'; readonly host: string; readonly port: number }
  /** A TCP port to be listened on. */
  | { readonly kind: 'listen'; readonly host: string; readonly port: number }
  /** A file below a folder of the host that the operator mounted; `path` as the guest sees it. */
  | { readonly kind: 'read' | 'write'; readonly path: string }
  /** A command of the node's IPFS files, such as `files/read`. */
  | { readonly kind: 'ipfs'; readonly api: string }
  | { readonly kind: 's3'; readonly endpoint: URL; readonly bucket: string; readonly access: 'read' | 'write' }
  /** An executable that the operator installed. */
  | { readonly kind: 'exec'; readonly extension: string }
  | { readonly kind: 'driver'; readonly url: URL }
  | { readonly kind: 'model'; readonly model: string }

/** What is decided about an {@link Action}. */
export type Verdict =
  | { readonly isAllowed: true }
  /** `missing` names what would allow it, in the words of a manifest or of the operator's configuration. */
  | { readonly isAllowed: false; readonly missing: string }

/** The one place that says what a run may do: manifest, operator and request, all of which must allow it. */
export interface Gate {
  /** Pure: the same action gets the same verdict throughout a run. */
  decide(action: Action): Verdict
  /**
   * Whether a connection may be made to an address that a name resolved to. Loopback, private, link-local and other
   * special ranges are refused unless the operator allows them, whatever the name.
   *
   * @param address - IPv4 or IPv6 in text, as a resolver gives it
   */
  decideAddress(address: string, port: number): Verdict
}

/** Nothing is allowed. */
export const CLOSED_GATE: Gate = {
  decide: () => ({ isAllowed: false, missing: 'this run may reach nothing' }),
  decideAddress: () => ({ isAllowed: false, missing: 'this run may reach nothing' }),
}
