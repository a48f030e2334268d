/** The part of `s3rver` that tests use; it comes without types. */
declare module 's3rver' {
  import type { IncomingMessage } from 'node:http'
  import type { AddressInfo } from 'node:net'

  interface Context {
    readonly req: IncomingMessage
    status: number
    body: string
  }

  class S3rver {
    /** What each request goes through, first to last. */
    readonly middleware: ((context: Context, next: () => Promise<void>) => Promise<void>)[]
    constructor(options: {
      readonly address: string
      readonly port: number
      readonly directory: string
      readonly silent: boolean
    })
    run(): Promise<AddressInfo>
    close(): Promise<void>
  }

  // biome-ignore lint/style/noDefaultExport: this is how the package exports it
  export { S3rver as default }
}
