/** A floating point format: bits of its fraction and of its exponent. */
interface FloatFormat {
  readonly fraction: number
  readonly exponent: number
}

const FORMATS: Readonly<Record<'f32' | 'f64', FloatFormat>> = {
  f32: { fraction: 23, exponent: 8 },
  f64: { fraction: 52, exponent: 11 },
}
/** Exponents beyond this are infinite or zero in both formats, whatever the digits of a script's line. */
const EXPONENT_MAX = 20_000
const DECIMAL = /^(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/
const HEX = /^0x([0-9a-f]+)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?$/i
const INTEGER = /^[+-]?(?:0x[0-9a-fA-F]+|\d+)$/

/**
 * Bits of an integer literal.
 *
 * @param literal - decimal or hexadecimal, with an optional sign and with underscores
 * @param width - 8 to 64
 * @returns two's complement, `0 <= bits < 2^width`; undefined if it is no such literal
 */
export function parseIntegerBits(literal: string, width: number): bigint | undefined {
  const text = literal.replaceAll('_', '')
  if (!INTEGER.test(text)) return undefined
  const value = BigInt(text.replace(/^[+-]/, ''))
  const isNegative = text.startsWith('-')
  if (value > (isNegative ? 1n << BigInt(width - 1) : (1n << BigInt(width)) - 1n)) return undefined
  return BigInt.asUintN(width, isNegative ? -value : value)
}

/**
 * Bits of a floating point literal, rounded once to the nearest value, ties to even.
 *
 * @param literal - decimal, hexadecimal, `inf`, `nan` or `nan:0x...`, with an optional sign and with underscores
 * @returns the bits of the format; undefined if it is no such literal
 */
export function parseFloatBits(literal: string, type: 'f32' | 'f64'): bigint | undefined {
  const format = FORMATS[type]
  const text = literal.replaceAll('_', '')
  const magnitude = magnitudeBits(text.replace(/^[+-]/, ''), format)
  if (magnitude === undefined) return undefined
  const sign = text.startsWith('-') ? 1n << BigInt(format.fraction + format.exponent) : 0n
  return sign | magnitude
}

function magnitudeBits(text: string, format: FloatFormat): bigint | undefined {
  const infinity = ((1n << BigInt(format.exponent)) - 1n) << BigInt(format.fraction)
  if (text === 'inf') return infinity
  if (text === 'nan') return infinity | (1n << BigInt(format.fraction - 1))
  if (/^nan:0x[0-9a-f]+$/i.test(text)) return infinity | BigInt(text.slice(4))
  const hex = HEX.exec(text)
  const match = hex ?? DECIMAL.exec(text)
  if (match === null) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = match
  const digits = BigInt((hex === null ? '' : '0x') + whole + fraction)
  if (digits === 0n) return 0n
  const scale = Math.max(-EXPONENT_MAX, Math.min(EXPONENT_MAX, Number(exponent)))
  const isHex = hex !== null
  const shift = isHex ? scale - 4 * fraction.length : scale - fraction.length
  const power = (isHex ? 2n : 10n) ** BigInt(Math.abs(shift))
  const rounded = shift < 0 ? round(digits, power, format) : round(digits * power, 1n, format)
  return rounded < infinity ? rounded : infinity
}

/** Bits of `numerator / denominator`; may come out above those of infinity. */
function round(numerator: bigint, denominator: bigint, format: FloatFormat): bigint {
  const bias = (1 << (format.exponent - 1)) - 1
  let exponent = bitLength(numerator) - bitLength(denominator)
  if (isBelowPower(numerator, denominator, exponent)) exponent--
  const lowest = Math.max(exponent, 1 - bias) - format.fraction // weight of the last bit
  const scaledNumerator = lowest < 0 ? numerator << BigInt(-lowest) : numerator
  const scaledDenominator = lowest < 0 ? denominator : denominator << BigInt(lowest)
  const quotient = scaledNumerator / scaledDenominator
  const twice = 2n * (scaledNumerator % scaledDenominator)
  const isUp = twice > scaledDenominator || (twice === scaledDenominator && (quotient & 1n) === 1n)
  const significand = quotient + (isUp ? 1n : 0n)
  if (exponent < 1 - bias) return significand // subnormal, or just rounded up to the smallest normal one
  return (BigInt(exponent + bias - 1) << BigInt(format.fraction)) + significand
}

/** Whether `numerator / denominator < 2^exponent`. */
function isBelowPower(numerator: bigint, denominator: bigint, exponent: number): boolean {
  return exponent < 0 ? numerator << BigInt(-exponent) < denominator : numerator < denominator << BigInt(exponent)
}

function bitLength(value: bigint): number {
  return value.toString(2).length
}
