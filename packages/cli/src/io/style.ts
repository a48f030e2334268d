import colors from 'picocolors'
import type { Io, Sink } from './io.ts'

/** Marks text for a terminal; plain text elsewhere. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

/** The style for a sink: colours on terminals only, never if `NO_COLOR` is set. See https://no-color.org */
export function styleFor(io: Pick<Io, 'env'>, sink: Sink): Style {
  const isForced = (io.env['FORCE_COLOR'] ?? '') !== '' && io.env['FORCE_COLOR'] !== '0'
  const isRefused = (io.env['NO_COLOR'] ?? '') !== '' || io.env['TERM'] === 'dumb'
  return colors.createColors(!isRefused && (isForced || sink.isTty))
}

/**
 * Text from elsewhere, safe to show: a control character of a node's message or of a name could otherwise rewrite the
 * screen. Tabs and line ends stay.
 */
export function safeText(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '·').replaceAll(/[\u202a-\u202e\u2066-\u2069]/gu, '·')
}

/** {@link safeText} on one line. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll(/[\n\t]+/g, ' ')
}
