import { type HostAnswer, refused } from '../../host-call/host-call.ts'

const STATUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'closed',
  ERR_STREAM_DESTROYED: 'closed',
  ERR_STREAM_WRITE_AFTER_END: 'closed',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRINUSE: 'address-in-use',
  EADDRNOTAVAIL: 'address-not-available',
  EAFNOSUPPORT: 'address-not-available',
}

/** What a guest is told of a failure of the network; the words are the same on every kind of machine. */
export function networkFailure(error: unknown): HostAnswer {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return refused(STATUSES[code] ?? 'failed')
}
