export type { Io, Sink } from './io/io.ts'
export { runCli } from './run-cli.ts'
