import type { LogFields, Logger } from '@blockless/core'

const LEVELS = ['error', 'warn', 'info', 'debug'] as const
type Level = (typeof LEVELS)[number]

/** A logger of one JSON object a line: time, level, message, fields. */
export function createLogger(init: { readonly level: string; readonly write: (line: string) => void }): Logger {
  const lowest = Math.max(0, LEVELS.indexOf(init.level as Level))
  const write = (level: Level, message: string, fields?: LogFields): void => {
    if (LEVELS.indexOf(level) > lowest) return
    init.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`)
  }
  return {
    error: (message, fields) => write('error', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    info: (message, fields) => write('info', message, fields),
    debug: (message, fields) => write('debug', message, fields),
  }
}
