import { open } from 'node:fs/promises'
import { FileError, UsageError } from '../errors/cli-error.ts'
import type { Io } from './io.ts'

/**
 * Reads a whole file.
 *
 * @throws {FileError} if it cannot be read or has more than `sizeMax` bytes
 */
export async function readFileBounded(path: string, sizeMax: number): Promise<Uint8Array> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    if (size > sizeMax) throw new RangeError(`it has ${size} bytes, at most ${sizeMax} are allowed`)
    const { buffer, byteOffset, length } = await file.readFile()
    return new Uint8Array(buffer, byteOffset, length)
  } catch (cause) {
    throw new FileError('read', path, cause)
  }
}

/**
 * Reads all of stdin.
 *
 * @throws {UsageError} if it has more than `sizeMax` bytes, or is a terminal and so has no end
 * @throws the signal's reason
 */
export async function readStdinBounded(io: Io, sizeMax: number): Promise<Uint8Array> {
  if (io.stdin.isTty) throw new UsageError('Cannot read stdin: it is a terminal', 'pipe something into it')
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of io.stdin) {
      size += chunk.length
      if (size > sizeMax) throw new UsageError(`Cannot read stdin: it has more than ${sizeMax} bytes`)
      chunks.push(chunk)
      io.signal.throwIfAborted()
    }
  } catch (error) {
    // stdin is given up when the command is, and says nothing of why
    io.signal.throwIfAborted()
    throw error
  }
  return Buffer.concat(chunks)
}
