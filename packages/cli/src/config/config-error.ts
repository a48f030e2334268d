import { CliError } from '../errors/cli-error.ts'

/** A configuration file that cannot be used: which one, where in it, and why. */
export class ConfigError extends CliError<{ readonly path: string; readonly problem: string; readonly line?: number }> {
  constructor(
    details: { readonly path: string; readonly problem: string; readonly line?: number; readonly hint?: string },
    options?: ErrorOptions,
  ) {
    const place = details.line === undefined ? '' : `, line ${details.line}`
    super('ERR_CONFIG', `Cannot use "${details.path}"${place}: ${details.problem}`, details, options)
  }
}
