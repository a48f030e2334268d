/** Text as text, so that `jq -r .stdout` prints it; other bytes as `{"base64": "…"}`. */
export function textOf(bytes: Uint8Array): string | { readonly base64: string } {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}
