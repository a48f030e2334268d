import { sha256, toHex } from '@blockless/core'

/** Characters of a path, far beyond what programs use. */
const PATH_LENGTH_MAX = 4096
/** Stands in a configured root for the function that runs. */
const FUNCTION_PLACEHOLDER = '{function}'
const CONTENT_PREFIX = '/ipfs/'

/**
 * An absolute path without `.`, `..` and empty parts, which cannot lead above `/`.
 *
 * @returns undefined if the path is relative, too long, or has a NUL
 */
export function normalizePath(path: string): string | undefined {
  if (!path.startsWith('/') || path.length > PATH_LENGTH_MAX || path.includes('\0')) return undefined
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** The folder of the node's files that is `/` for a function; `/` itself shares all of them. */
export function rootOf(template: string, functionCid: string): string {
  // an id that is no CID could lead elsewhere, or be that of another function in another spelling
  const name = /^[a-zA-Z0-9]{1,128}$/.test(functionCid) ? functionCid : toHex(sha256(Buffer.from(functionCid)))
  const root = normalizePath(template.replaceAll(FUNCTION_PLACEHOLDER, name))
  if (root === undefined) throw new RangeError(`Cannot use IPFS root "${template}": an absolute path is needed`)
  return root
}

/** A guest's path below its root; `path` is normalized. */
export function belowRoot(root: string, path: string): string {
  if (root === '/') return path
  return path === '/' ? root : `${root}${path}`
}

/** Whether a normalized path names content by CID, which is nobody's, instead of a file of the node. */
export function isContentPath(path: string): boolean {
  return path.startsWith(CONTENT_PREFIX)
}
