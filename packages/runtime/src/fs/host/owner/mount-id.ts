import { closeSync, openSync, readSync } from 'node:fs'

/** More than the lines before and with `mnt_id` take. */
const INFO_SIZE = 256
const MOUNT_ID = /^mnt_id:\s*(\d+)$/m

/**
 * The number of the mount that a descriptor's inode was reached through. It tells a bind mount or a mounted `/proc` apart
 * from the folder around it, which device numbers do not.
 *
 * Read without waiting for a thread: `/proc` answers from memory.
 *
 * @returns `undefined` where the kernel does not say
 */
export function mountIdOf(descriptor: number): number | undefined {
  const info = openSync(`/proc/self/fdinfo/${descriptor}`, 'r')
  try {
    const buffer = Buffer.alloc(INFO_SIZE)
    const text = buffer.toString('latin1', 0, readSync(info, buffer, 0, INFO_SIZE, null))
    const number = MOUNT_ID.exec(text)?.[1]
    return number === undefined ? undefined : Number(number)
  } finally {
    closeSync(info)
  }
}
