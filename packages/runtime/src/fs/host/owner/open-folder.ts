import { constants, realpath, statfs } from 'node:fs'
import { posix } from 'node:path'
import { platform } from 'node:process'
import { promisify } from 'node:util'
import type { DescriptorPool } from './descriptor-pool.ts'
import type { HostFolder, HostFolderInit } from './host-folder.ts'
import { HostFolderError } from './host-folder-error.ts'
import { inodePath, OPEN_DIRECTORY_INODE, statDescriptor, statEntry } from './kernel-path.ts'
import { mountIdOf } from './mount-id.ts'
import { systemCodeOf } from './system-errno.ts'

/** `O_PATH` without `O_NOFOLLOW`: the operator's path may lead through links. */
const OPEN_CONFIGURED: number = OPEN_DIRECTORY_INODE & ~constants.O_NOFOLLOW
/**
 * File systems whose files are the kernel's or a process's insides: `/proc/1/mem` is a regular file.
 * Source: `statfs(2)`: proc, sysfs, debugfs, tracefs, cgroup, cgroup2, bpf, securityfs, efivarfs, devpts.
 */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x27e0eb, 0x63677270, 0xcafe4a11, 0x73636673, 0xde5e81e4, 0x1cd1,
])

/**
 * Opens a folder as the operator named it, and makes sure that this machine can keep guests in it.
 *
 * @throws {HostFolderError}
 */
export async function openFolder(pool: DescriptorPool, init: HostFolderInit): Promise<HostFolder> {
  checkPlatform()
  const { id, path, guestPath, readOnly } = init
  checkText(init)
  let descriptor: number
  try {
    descriptor = await pool.open(path, OPEN_CONFIGURED)
  } catch (error) {
    throw unusable(init, `cannot be opened as a directory (${systemCodeOf(error) ?? String(error)})`, error)
  }
  try {
    const mountId = await checkKernelPath(descriptor)
    if (KERNEL_FILE_SYSTEMS.has((await promisify(statfs)(inodePath(descriptor))).type)) {
      throw unusable(init, 'is made up by the kernel')
    }
    return { id, guestPath, readOnly, descriptor, mountId }
  } catch (error) {
    await pool.close(descriptor)
    throw error
  }
}

/**
 * Makes sure that no folder is inside another: who may write to the outer one could replace the inner one by a link, and
 * it would be followed when the node starts again.
 *
 * @throws {HostFolderError}
 */
export async function checkApart(folders: readonly HostFolderInit[]): Promise<void> {
  const placed = await Promise.all(folders.map(async (init) => ({ init, path: await realPathOf(init) })))
  for (const [index, inner] of placed.entries()) {
    const outer = placed.find((other, at) => at !== index && `${inner.path}/`.startsWith(`${trimSlash(other.path)}/`))
    const isTwice = placed.some(({ init }, at) => at < index && init.id === inner.init.id)
    if (outer !== undefined) {
      throw new HostFolderError({ code: 'ERR_HOST_FOLDER_OVERLAP', id: inner.init.id, outerId: outer.init.id })
    }
    if (isTwice) throw unusable(inner.init, 'has the id of another folder')
  }
}

async function realPathOf(init: HostFolderInit): Promise<string> {
  checkPlatform()
  checkText(init)
  try {
    return await promisify(realpath)(init.path)
  } catch (error) {
    throw unusable(init, `cannot be found (${systemCodeOf(error) ?? String(error)})`, error)
  }
}

function trimSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function checkPlatform(): void {
  if (platform !== 'linux') throw new HostFolderError({ code: 'ERR_HOST_FOLDER_PLATFORM', platform })
}

function checkText(init: HostFolderInit): void {
  if (!posix.isAbsolute(init.path) || init.path.includes('\0')) throw unusable(init, 'is no absolute path')
  const { guestPath } = init
  const isNormal = posix.isAbsolute(guestPath) && posix.normalize(guestPath) === guestPath
  if (!isNormal || guestPath.includes('\0')) throw unusable(init, `has no absolute guest path: "${guestPath}"`)
}

/** Makes sure that `/proc/self/fd` leads where it should. @returns the mount's number */
async function checkKernelPath(descriptor: number): Promise<number> {
  try {
    const [held, reached] = [await statDescriptor(descriptor), await statEntry(`${inodePath(descriptor)}/.`)]
    const mountId = mountIdOf(descriptor)
    if (mountId !== undefined && held.ino === reached.ino && held.dev === reached.dev) return mountId
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error
  }
  throw new HostFolderError({ code: 'ERR_HOST_FOLDER_PLATFORM', platform: 'this Linux' })
}

function unusable({ id, path }: HostFolderInit, why: string, cause?: unknown): HostFolderError {
  return new HostFolderError({ code: 'ERR_HOST_FOLDER_UNUSABLE', id, path, why }, { cause })
}
