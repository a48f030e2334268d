import { CancelledError } from '../errors/cli-error.ts'
import type { Io, Sink } from './io.ts'

const COLUMNS_DEFAULT = 80

/** The process as an {@link Io}; the first Ctrl-C aborts its signal, the second ends the process. */
export function createProcessIo(): Io {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => controller.abort(new CancelledError(name)))
  const { stdin } = process
  const [stdout, stderr] = [toSink(process.stdout), toSink(process.stderr)]
  return {
    stdout,
    stderr,
    stdin: {
      isTty: stdin.isTTY === true,
      [Symbol.asyncIterator]() {
        // a pipe that nobody closes would keep the process alive
        controller.signal.addEventListener('abort', () => stdin.destroy(), { once: true })
        return stdin[Symbol.asyncIterator]()
      },
    },
    isTty: stdout.isTty && stderr.isTty,
    env: process.env,
    cwd: process.cwd(),
    signal: controller.signal,
    now: () => Date.now(),
  }
}

function toSink(stream: NodeJS.WriteStream): Sink {
  // A reader that goes away, as `head` does, ends the output and is not an error of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    isTty: stream.isTTY === true,
    get columns() {
      return stream.columns ?? COLUMNS_DEFAULT
    },
    stream,
    write: (chunk) => void stream.write(chunk),
  }
}
