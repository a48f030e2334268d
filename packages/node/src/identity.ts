import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CodedError, createSigner, type Signer } from '@blockless/core'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'

/** A node's one key in the two shapes that its parts need. */
export interface Identity {
  readonly signer: Signer
  /** 32 bytes; what libp2p is given. */
  readonly privateKey: Uint8Array
}

/** A key file that cannot be used. */
export class IdentityError extends CodedError<'ERR_KEY_FILE', { readonly path: string }> {}

/** The identity of a private key of 32 bytes. @throws {RangeError} if it is out of range */
export function identityOf(privateKey: Uint8Array): Identity {
  return { signer: createSigner(privateKey), privateKey }
}

/**
 * Reads a node's key file, or makes one that only its owner can read.
 *
 * The file holds libp2p's `PrivateKey` message, as existing nodes' `priv.bin` does; its key must be secp256k1.
 *
 * @throws {IdentityError} ERR_KEY_FILE if the file is not such a key
 */
export async function loadIdentity(path: string): Promise<Identity> {
  try {
    const stored = (await readIfPresent(path)) ?? (await create(path))
    return readKey(path, stored)
  } catch (cause) {
    if (cause instanceof IdentityError || !(cause instanceof Error) || !('syscall' in cause)) throw cause
    throw new IdentityError('ERR_KEY_FILE', `Cannot use key "${path}": ${cause.message}`, { path }, { cause })
  }
}

/** Makes a key file, whole or not at all; returns what it holds, which is another process's key if that was first. */
async function create(path: string): Promise<Uint8Array> {
  const key = privateKeyToProtobuf(await generateKeyPair('secp256k1'))
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomUUID()}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(key)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(draft, path) // never overwrites: a lost key is a lost node
    await syncFolder(dirname(path))
    return key
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    return await readFile(path)
  } finally {
    await rm(draft, { force: true })
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // it opens no folders
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function readKey(path: string, stored: Uint8Array): Identity {
  const what = 'is not a libp2p private key of type secp256k1; move it away to have a new one made'
  let key: ReturnType<typeof privateKeyFromProtobuf>
  try {
    key = privateKeyFromProtobuf(stored)
  } catch (cause) {
    throw new IdentityError('ERR_KEY_FILE', `Cannot read key: "${path}" ${what}`, { path }, { cause })
  }
  if (key.type !== 'secp256k1') throw new IdentityError('ERR_KEY_FILE', `Cannot use key: "${path}" ${what}`, { path })
  return identityOf(key.raw)
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}
