import { NAME_SIZE_MAX, PATH_SIZE_MAX } from '../../limits.ts'
import { compareUtf8, utf8Size } from '../names.ts'

/** Something in a layer: a file, a symbolic link, or a directory that may be empty; `path` is relative, such as `a/b`. */
export type LayerItem =
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly target: string }
  | { readonly path: string }

/** A file of a layer; its bytes are a view of the layer's, shared by all who read it. */
export interface LayerFile {
  readonly kind: 'file'
  readonly bytes: Uint8Array
}
/** A symbolic link of a layer. */
export interface LayerLink {
  readonly kind: 'link'
  readonly target: string
}
/** A directory of a layer. */
export interface LayerDirectory {
  readonly kind: 'directory'
  readonly entries: ReadonlyMap<string, LayerEntry>
}
/** Anything with a name in a layer. */
export type LayerEntry = LayerFile | LayerLink | LayerDirectory

/** A line of the index: path and size of a file, path and target of a link, or the path of a directory. */
type IndexLine = readonly [path: string, what?: number | string]

const HEAD_SIZE = 4

/**
 * A read-only tree of files as one piece of memory, which can be sent and shared: the size of its index as u32, the
 * index as JSON, then the bytes of all files. Equal files give equal bytes, in whatever order they come.
 *
 * @throws {RangeError} if a path is not relative and plain, is there twice, or leads through a file
 */
export function encodeFileLayer(items: readonly LayerItem[]): Uint8Array<ArrayBuffer> {
  const sorted = items.toSorted((a, b) => compareUtf8(a.path, b.path))
  checkPaths(sorted)
  const lines = sorted.map((item): IndexLine => {
    if ('bytes' in item) return [item.path, item.bytes.length]
    return 'target' in item ? [item.path, item.target] : [item.path]
  })
  const index = new TextEncoder().encode(JSON.stringify(lines))
  const files = sorted.flatMap((item) => ('bytes' in item ? [item.bytes] : []))
  const size = files.reduce((sum, bytes) => sum + bytes.length, HEAD_SIZE + index.length)
  const layer = new Uint8Array(size)
  new DataView(layer.buffer).setUint32(0, index.length, true)
  layer.set(index, HEAD_SIZE)
  let at = HEAD_SIZE + index.length
  for (const bytes of files) {
    layer.set(bytes, at)
    at += bytes.length
  }
  return layer
}

function checkPaths(sorted: readonly LayerItem[]): void {
  const kinds = new Map<string, boolean>()
  for (const { path } of sorted) {
    const names = path.split('/')
    const isPlain = names.every(
      (name) => name !== '' && name !== '.' && name !== '..' && utf8Size(name) <= NAME_SIZE_MAX,
    )
    if (!isPlain || path.includes('\0') || !path.isWellFormed() || utf8Size(path) > PATH_SIZE_MAX) {
      throw new RangeError(`Cannot make layer: its path "${path}" is not a plain relative one`)
    }
  }
  for (const item of sorted) {
    if ('target' in item && item.target === '')
      throw new RangeError(`Cannot make layer: its link "${item.path}" is empty`)
    if (kinds.has(item.path)) throw new RangeError(`Cannot make layer: its path "${item.path}" is there twice`)
    kinds.set(item.path, 'bytes' in item || 'target' in item)
  }
  for (const { path } of sorted) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (kinds.get(path.slice(0, end)) === true) {
        throw new RangeError(`Cannot make layer: its path "${path}" leads through a file`)
      }
    }
  }
}

interface MutableDirectory extends LayerDirectory {
  readonly entries: Map<string, LayerFile | LayerLink | MutableDirectory>
}

/** The tree of a layer, its files views of `layer`, which {@link encodeFileLayer} has made. */
export function decodeFileLayer(layer: Uint8Array): LayerDirectory {
  const indexSize = new DataView(layer.buffer, layer.byteOffset, layer.length).getUint32(0, true)
  const text = new TextDecoder().decode(layer.subarray(HEAD_SIZE, HEAD_SIZE + indexSize))
  const root: MutableDirectory = { kind: 'directory', entries: new Map() }
  let at = HEAD_SIZE + indexSize
  for (const [path, what] of JSON.parse(text) as IndexLine[]) {
    const names = path.split('/')
    const name = names.pop() as string
    const { entries } = directoryAt(root, names)
    if (typeof what === 'string') entries.set(name, { kind: 'link', target: what })
    else if (typeof what === 'number') {
      entries.set(name, { kind: 'file', bytes: layer.subarray(at, at + what) })
      at += what
    } else directoryAt(root, [...names, name])
  }
  return root
}

function directoryAt(root: MutableDirectory, names: readonly string[]): MutableDirectory {
  let directory = root
  for (const name of names) {
    const known = directory.entries.get(name)
    const next: MutableDirectory =
      known?.kind === 'directory' ? known : { kind: 'directory', entries: new Map<string, never>() }
    directory.entries.set(name, next)
    directory = next
  }
  return directory
}
