import type { LogFields, Logger } from '@blockless/core'

/** Keeps what is logged at each level. */
export class RecordingLogger implements Logger {
  readonly entries: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = []

  messages(level: string): string[] {
    return this.entries.filter((entry) => entry.level === level).map(({ message }) => message)
  }

  error(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: 'error', message, fields })
  }

  warn(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: 'warn', message, fields })
  }

  info(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: 'info', message, fields })
  }

  debug(message: string, fields: LogFields = {}): void {
    this.entries.push({ level: 'debug', message, fields })
  }
}
