// A function that answers HTTP requests is started once per request. The request arrives in environment variables
// named BLS_REQUEST_*; the response leaves through stdout.

/** One HTTP request. */
export class Request {
  constructor(
    /** Such as "GET". */
    readonly method: string,
    /** Such as "/greetings/today", without the query. */
    readonly path: string,
    /** The fields of the query, decoded. */
    readonly query: Map<string, string>,
    /** The headers, their names in lower case. */
    readonly headers: Map<string, string>,
    readonly body: string,
  ) {}
}

/** Whether this run answers an HTTP request; else it was called with arguments and stdin. */
export function isHttp(): bool {
  return process.env.has("BLS_REQUEST_METHOD")
}

/** The request that this run answers. */
export function readRequest(): Request {
  const path = variable("BLS_REQUEST_PATH")
  const query = variable("BLS_REQUEST_QUERY")
  const headers = parseHeaders(variable("BLS_REQUEST_HEADERS"))
  return new Request(variable("BLS_REQUEST_METHOD"), path, parseQuery(query), headers, readBody(path, query))
}

/** Answers with status 200 and the content type of bls.toml. */
export function respond(body: string): void {
  process.stdout.write(body)
}

/**
 * Answers with another status or content type: stdout that begins with a line `Status: <code>` holds header lines,
 * an empty line, and the body.
 */
export function respondWith(status: i32, contentType: string, body: string): void {
  process.stdout.write("Status: " + status.toString() + "\nContent-Type: " + contentType + "\n\n" + body)
}

/** All of stdin, as UTF-8. */
export function readStdin(): string {
  let buffer = new ArrayBuffer(4096)
  let size = 0
  for (let count = process.stdin.read(buffer); count > 0; count = process.stdin.read(buffer, size)) {
    size += count
    if (size < buffer.byteLength) continue
    const larger = new ArrayBuffer(buffer.byteLength * 2)
    memory.copy(changetype<usize>(larger), changetype<usize>(buffer), size)
    buffer = larger
  }
  return String.UTF8.decode(buffer.slice(0, size))
}

/** A body that is short and text is in a variable; else it is stdin, where a request without one has its URL. */
function readBody(path: string, query: string): string {
  const body = variable("BLS_REQUEST_BODY")
  if (body.length > 0) return body
  const stdin = readStdin()
  return stdin == path || stdin == path + "?" + query ? "" : stdin
}

function variable(name: string): string {
  return process.env.has(name) ? process.env.get(name) : ""
}

function parseQuery(query: string): Map<string, string> {
  const fields = new Map<string, string>()
  const parts = (query.startsWith("?") ? query.substring(1) : query).split("&")
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index].replaceAll("+", " ")
    const mark = part.indexOf("=")
    if (part.length == 0) continue
    if (mark < 0) fields.set(decode(part), "")
    else fields.set(decode(part.substring(0, mark)), decode(part.substring(mark + 1)))
  }
  return fields
}

/** Undoes %-encoding; what is not well encoded stays as it is, as a trap would be a poor answer to a bad URL. */
function decode(text: string): string {
  const source = Uint8Array.wrap(String.UTF8.encode(text))
  const bytes = new Uint8Array(source.length)
  let size = 0
  for (let index = 0; index < source.length; index++) {
    const high = index + 2 < source.length && source[index] == 0x25 ? digit(source[index + 1]) : -1
    const low = high < 0 ? -1 : digit(source[index + 2])
    if (low < 0) bytes[size++] = source[index]
    else {
      bytes[size++] = <u8>(high * 16 + low)
      index += 2
    }
  }
  return String.UTF8.decode(bytes.buffer.slice(0, size))
}

/** The value of a hexadecimal digit, or -1. */
function digit(char: i32): i32 {
  if (char >= 0x30 && char <= 0x39) return char - 0x30
  const letter = char | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1
}

/** Reads `{"name": "value", …}`: the strings of the JSON text, in pairs. */
function parseHeaders(json: string): Map<string, string> {
  const headers = new Map<string, string>()
  let name: string | null = null
  for (let index = json.indexOf('"'); index >= 0; index = json.indexOf('"', index)) {
    let text = ""
    for (index++; index < json.length && json.charCodeAt(index) != 0x22; index++) {
      if (json.charCodeAt(index) == 0x5c) index++
      text += json.charAt(index)
    }
    index++
    if (name === null) name = text.toLowerCase()
    else {
      headers.set(name, text)
      name = null
    }
  }
  return headers
}
