import { XMLParser } from 'fast-xml-parser'
import { isJsonObject } from '../shared/json-text.ts'

/** One page of a listing, in the words of the existing runtime. */
export interface ListPage {
  readonly name: string
  readonly is_truncated: boolean
  readonly prefix?: string
  readonly contents: readonly ListedObject[]
}

/** An object of a {@link ListPage}. */
export interface ListedObject {
  /** ISO 8601 text as the server gives it. */
  readonly last_modified: string
  /** With its quotes. */
  readonly e_tag: string | null
  readonly storage_class: string | null
  readonly key: string
  readonly size: number
}

/** A thousand objects have about 20 tags each. Half a million, which fit into a page, would stop the node for seconds. */
const TAGS_MAX = 40_000
const ENTITIES_MAX = 200_000

const parser = new XMLParser({
  ignoreAttributes: true,
  // a key may look like a number, or begin with a space
  parseTagValue: false,
  trimValues: false,
  // characters by number, as servers write control characters in keys
  htmlEntities: true,
  isArray: (name) => name === 'Contents',
})

/**
 * Reads a `ListBucketResult` of S3 (`ListObjectsV2`).
 *
 * @returns the page, and what to ask for the next one; undefined if the text is no such document
 */
export function parseListPage(xml: string): { readonly page: ListPage; readonly next: string | undefined } | undefined {
  const result = rootOf(xml, 'ListBucketResult')
  if (result === undefined) return undefined
  const { Contents: contents = [] } = result
  if (!Array.isArray(contents)) return undefined
  const objects = contents.map(objectOf)
  const prefix = textOf(result.Prefix)
  const isTruncated = textOf(result.IsTruncated) === 'true'
  const page = {
    name: textOf(result.Name) ?? '',
    is_truncated: isTruncated,
    ...(prefix === undefined ? {} : { prefix }),
    contents: objects.filter((object) => object !== undefined),
  }
  if (page.contents.length !== objects.length) return undefined
  return { page, next: isTruncated ? textOf(result.NextContinuationToken) : undefined }
}

/** The word in the `Error` document of a failed request, such as `NoSuchKey`. */
export function parseErrorCode(xml: string): string | undefined {
  const code = textOf(rootOf(xml, 'Error')?.Code)
  return code !== undefined && /^[A-Za-z]{1,64}$/.test(code) ? code : undefined
}

function rootOf(xml: string, name: string): Readonly<Record<string, unknown>> | undefined {
  // S3 has no document types, and entities of a server's own are how small documents become large ones
  if (xml.includes('<!DOCTYPE') || countOf(xml, '<') > TAGS_MAX || countOf(xml, '&') > ENTITIES_MAX) return undefined
  try {
    const document: unknown = parser.parse(xml)
    const root = isJsonObject(document) ? document[name] : undefined
    return isJsonObject(root) ? root : undefined
  } catch {
    return undefined
  }
}

function countOf(text: string, character: string): number {
  let count = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++
  return count
}

function objectOf(value: unknown): ListedObject | undefined {
  if (!isJsonObject(value)) return undefined
  const key = textOf(value.Key)
  const size = Number(textOf(value.Size))
  if (key === undefined || !Number.isSafeInteger(size)) return undefined
  return {
    last_modified: textOf(value.LastModified) ?? '',
    e_tag: textOf(value.ETag) ?? null,
    storage_class: textOf(value.StorageClass) ?? null,
    key,
    size,
  }
}

/** Text of an element; undefined if it is missing or empty. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
