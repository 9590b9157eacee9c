/**
 * A decimal number times a power of ten, exactly: the shortest decimal text of the number is what a file said, so 0.1
 * is a tenth and not the nearest double. Null where the product is no integer.
 */
export function scaledExactly(value: number, decimals: number): bigint | null {
  const { digits, places } = decimalOf(value);
  const shift = decimals - places;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return digits % divisor === 0n ? digits / divisor : null;
}

/** Dollars per million tokens as trillionths of a dollar per token; what is finer than one is rounded up. */
export function picoUsdPerToken(usdPerMillion: number): bigint {
  const { digits, places } = decimalOf(usdPerMillion);
  const shift = 6 - places;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return (digits + divisor - 1n) / divisor;
}

/** A finite number, 0 or more, as `digits / 10^places`. */
function decimalOf(value: number): { digits: bigint; places: number } {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 };
}
