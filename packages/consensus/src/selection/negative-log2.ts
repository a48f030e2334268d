/** Fractional bits of a logarithm: a weight of 1 against 2^32 - 1 is still told apart to 24 bits. */
const FRACTION_BITS = 56
const WORD_BITS = 64n
const HALF = 1n << 63n
const FULL = 1n << 64n

/**
 * `-log2((draw + 1) / 2^64)` with 56 fractional bits, in whole numbers, so that every machine gets the same bits.
 *
 * The fraction is scaled to a 64-bit mantissa in [1, 2); each squaring then yields the logarithm's next bit. Truncated
 * products make it at most 2^-55 too large; the truncation is part of the definition.
 *
 * @param draw - uniform, `0 <= draw < 2^64`
 * @returns `0 <= result <= 64 * 2^56`
 * @see docs/spec/selection.md#logarithm
 */
export function negativeLog2(draw: bigint): bigint {
  const value = draw + 1n
  if (value === FULL) return 0n
  const exponent = bitLength(value) - 1n
  let mantissa = value << (WORD_BITS - 1n - exponent)
  let logarithm = exponent
  for (let bit = 0; bit < FRACTION_BITS; bit++) {
    mantissa = (mantissa * mantissa) >> (WORD_BITS - 1n)
    const isTwoOrMore = mantissa >= FULL
    if (isTwoOrMore) mantissa >>= 1n
    logarithm = (logarithm << 1n) | (isTwoOrMore ? 1n : 0n)
  }
  return (WORD_BITS << BigInt(FRACTION_BITS)) - logarithm
}

/** Bits needed for `value`, `1 <= value < 2^64`. */
function bitLength(value: bigint): bigint {
  if (value >= HALF) return WORD_BITS
  const high = Number(value >> 32n)
  return BigInt(high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(Number(value)))
}
