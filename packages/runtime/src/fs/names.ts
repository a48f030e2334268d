const SURROGATE_FIRST = 0xd800
const SURROGATE_LAST = 0xdfff

/** Bytes of a text in UTF-8; the text has no lone surrogates. */
export function utf8Size(text: string): number {
  let size = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // two units of a surrogate pair make four bytes
    if (unit >= 0x800 && !isSurrogate(unit)) size += 2
    else if (unit >= 0x80) size++
  }
  return size
}

/** Orders texts by their UTF-8 bytes, which JavaScript's own order of UTF-16 units is not. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left === right) continue
    // what needs two units lies behind everything that needs one
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1
    return left - right
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= SURROGATE_FIRST && unit <= SURROGATE_LAST
}
