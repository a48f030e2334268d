import { canonicalHost, canonicalUrlPath, type Permission, type PortPattern, type UrlPattern } from '@blockless/core'
import fc from 'fast-check'

/** A record as parsing makes it. */
function plain<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true }) as fc.Arbitrary<T>
}

const hostArbitrary = fc.oneof(
  fc.constantFrom('*', '*.example.com', 'example.com', 'a.example.com', '127.0.0.1', '[::1]'),
  fc.domain().map((name) => canonicalHost(name) ?? 'example.com'),
)
const portArbitrary: fc.Arbitrary<PortPattern> = fc.oneof(
  fc.constantFrom<PortPattern>('*', 80, 443),
  fc.integer({ min: 1, max: 65_535 }),
)
const segmentArbitrary = fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', '-', ' ', '%', 'ä') })
const filePathArbitrary = fc
  .array(segmentArbitrary)
  .map((segments) => `/${segments.filter((segment) => !['', '.', '..'].includes(segment)).join('/')}`)
const urlPathArbitrary = fc
  .array(segmentArbitrary)
  .map((segments) => canonicalUrlPath(new URL(`http://a/${segments.map(encodeURIComponent).join('/')}`).pathname))
const urlArbitrary: fc.Arbitrary<UrlPattern> = plain({
  scheme: fc.constantFrom('http' as const, 'https' as const),
  host: hostArbitrary,
  port: portArbitrary,
  path: urlPathArbitrary,
})

/** Permissions in canonical form, of every kind. */
export const permissionArbitrary: fc.Arbitrary<Permission> = fc.oneof(
  fc.constant({ kind: 'all' as const }),
  plain({ kind: fc.constant('url' as const), pattern: urlArbitrary }),
  plain({
    kind: fc.constantFrom('net' as const, 'tcp' as const, 'listen' as const),
    host: hostArbitrary,
    port: portArbitrary,
  }),
  plain({ kind: fc.constantFrom('read' as const, 'write' as const, 'file' as const), path: filePathArbitrary }),
  plain({ kind: fc.constant('ipfs' as const), api: fc.constantFrom('*', 'files/*', 'files/read', 'files/ls') }),
  plain({
    kind: fc.constant('s3' as const),
    access: fc.constantFrom('read' as const, 'write' as const, 'any' as const),
    pattern: fc.oneof(fc.constant('*' as const), urlArbitrary),
  }),
  plain({
    kind: fc.constantFrom('exec' as const, 'driver' as const, 'model' as const),
    name: fc.constantFrom('*', 'tcp', 'tool', 'a-b'),
  }),
)
