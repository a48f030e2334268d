import { concat, sha256, toHex, toUtf8 } from '@blockless/core'

/** A body of one file, as `files/write` takes it, and its content type (RFC 7578). */
export function multipartFile(bytes: Uint8Array): { readonly body: Uint8Array; readonly contentType: string } {
  // bytes cannot hold their own hash, so the boundary is not among them
  const boundary = `blockless-${toHex(sha256(bytes)).slice(0, 32)}`
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="data"; filename="data"\r\n` +
    'Content-Type: application/octet-stream\r\n\r\n'
  return {
    body: concat(toUtf8(head), bytes, toUtf8(`\r\n--${boundary}--\r\n`)),
    contentType: `multipart/form-data; boundary=${boundary}`,
  }
}
