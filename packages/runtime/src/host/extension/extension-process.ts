import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { answered, type HostAnswer, refused } from '../../host-call/host-call.ts'
import { ByteReader } from '../shared/byte-reader.ts'
import { ByteWriter } from '../shared/byte-writer.ts'
import { ExtensionError } from './extension-error.ts'
import { killGroup, type LaunchInit, launch } from './launch.ts'

/** Its two outputs. */
export type OutputName = 'stdout' | 'stderr'

/**
 * A running extension.
 *
 * When it ends or is closed, everything else in its process group is killed: an extension that leaves a process behind
 * leaves none.
 */
export class ExtensionProcess {
  readonly #child: ChildProcess
  readonly #outputs: Readonly<Record<OutputName, ByteReader>>
  readonly #stdin: ByteWriter
  readonly #gone = Promise.withResolvers<void>()
  #isGone = false

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#outputs = { stdout: new ByteReader(readable(child.stdout)), stderr: new ByteReader(readable(child.stderr)) }
    this.#stdin = new ByteWriter(writable(child.stdin))
    child.once('exit', () => {
      // its number is still nobody else's, as others of its group keep it or it was free just now
      if (child.pid !== undefined) killGroup(child.pid)
      this.#isGone = true
      this.#gone.resolve()
    })
  }

  /**
   * Starts a program.
   *
   * @param name - for people
   * @throws {ExtensionError} `ERR_EXTENSION_START` if this machine cannot
   */
  static async start(name: string, init: LaunchInit): Promise<ExtensionProcess> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    try {
      const child = launch(init)
      child.once('spawn', resolve).on('error', reject)
      await promise
      return new ExtensionProcess(child)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new ExtensionError({ code: 'ERR_EXTENSION_START', name, why }, { cause })
    }
  }

  /** Its process id, for people and tests. */
  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Resolves when it has ended. */
  get ended(): Promise<void> {
    return this.#gone.promise
  }

  /** Waits for output; an answer without bytes is its end. Rejects with the signal's reason. */
  async read(output: OutputName, size: number, signal: AbortSignal): Promise<HostAnswer> {
    try {
      return answered({}, await this.#outputs[output].read(size, signal))
    } catch {
      signal.throwIfAborted()
      return refused('failed')
    }
  }

  /** Writes to its stdin and waits until the pipe has taken all. Rejects with the signal's reason. */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<HostAnswer> {
    try {
      await this.#stdin.write(bytes, signal)
      return answered({ size: bytes.length })
    } catch {
      signal.throwIfAborted()
      return refused('closed')
    }
  }

  /** Kills it with its process group and waits until it is gone; safe to call again. */
  async close(): Promise<void> {
    if (!this.#isGone && this.#child.pid !== undefined) killGroup(this.#child.pid)
    await this.#gone.promise
    // a process that left the group can hold them open for ever
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) pipe?.destroy()
  }
}

function readable(pipe: Readable | null): Readable {
  if (pipe === null) throw new TypeError('The process was started without a pipe')
  return pipe
}

function writable(pipe: Writable | null): Writable {
  if (pipe === null) throw new TypeError('The process was started without a pipe')
  return pipe
}
