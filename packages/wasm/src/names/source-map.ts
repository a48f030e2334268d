/** Where something stands in the source: lines and columns from 0. */
export interface SourcePlace {
  readonly source: string
  readonly line: number
  /** of the function or variable, if the map says it */
  readonly name: string | undefined
}

/** Mappings by the place in the generated file, which of a module is a byte offset; in order. */
export interface SourceMap {
  readonly offsets: readonly number[]
  readonly places: readonly SourcePlace[]
}

/** Mappings of one map: more than any module within the size limit has instructions worth a line. */
const MAPPINGS_MAX = 8_000_000
const BASE64 = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((c, i) => [c, i]))

interface SourceMapText {
  readonly version: unknown
  readonly mappings: string
  readonly sources: readonly unknown[]
  readonly names: readonly unknown[]
}

/**
 * Reads a source map of a module: ECMA-426, without sections; all of a module is line 0 of the generated file.
 *
 * @returns undefined if it is not one that can be read
 */
export function readSourceMap(text: string): SourceMap | undefined {
  const map = parseMap(text)
  if (map === undefined) return undefined
  const found: { offset: number; place: SourcePlace }[] = []
  const [firstLine = ''] = map.mappings.split(';', 1)
  let [offset, source, line, name] = [0, 0, 0, 0]
  for (const segment of firstLine.split(',')) {
    const fields = readFields(segment)
    if (fields === undefined || found.length === MAPPINGS_MAX) return undefined
    const [byOffset = 0, bySource = 0, byLine = 0, , byName] = fields
    offset += byOffset
    if (fields.length < 4) continue
    source += bySource
    line += byLine
    if (byName !== undefined) name += byName
    const place = {
      source: textAt(map.sources, source) ?? '',
      line,
      name: byName === undefined ? undefined : textAt(map.names, name),
    }
    found.push({ offset, place })
  }
  found.sort((one, other) => one.offset - other.offset)
  return { offsets: found.map((each) => each.offset), places: found.map((each) => each.place) }
}

/** The first place that the bytes `[start, end)` of the module come from. */
export function placeWithin({ offsets, places }: SourceMap, start: number, end: number): SourcePlace | undefined {
  let low = 0
  let high = offsets.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((offsets[middle] as number) < start) low = middle + 1
    else high = middle
  }
  return (offsets[low] ?? end) < end ? places[low] : undefined
}

function parseMap(text: string): SourceMapText | undefined {
  let map: unknown
  try {
    // a map may begin with a line that keeps it from being run as a script
    map = JSON.parse(text.replace(/^\)\]\}[^\n]*\n/, ''))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof map !== 'object' || map === null) return undefined
  const { version, mappings, sources, names = [] } = map as Partial<SourceMapText>
  const isMap = version === 3 && typeof mappings === 'string' && Array.isArray(sources) && Array.isArray(names)
  return isMap ? { version, mappings, sources, names } : undefined
}

function textAt(texts: readonly unknown[], index: number): string | undefined {
  const text = texts[index]
  return typeof text === 'string' ? text : undefined
}

/** The signed numbers of a segment: base64 digits of 5 bits, least first, with a bit that says whether more follow. */
function readFields(segment: string): number[] | undefined {
  const fields: number[] = []
  let value = 0
  let shift = 0
  for (const digit of segment) {
    const bits = BASE64.get(digit)
    if (bits === undefined || shift > 30) return undefined
    value += (bits & 31) * 2 ** shift
    shift += 5
    if (bits >= 32) continue
    const size = Math.floor(value / 2)
    fields.push(value % 2 === 1 ? -size : size)
    value = 0
    shift = 0
  }
  return shift === 0 && fields.length <= 5 ? fields : undefined
}
