/** `$0`, `$0.000044`, `$1.25`: dollars without the digits that say nothing; nano-dollars at the finest. */
export function humanUsd(usd: number): string {
  if (usd >= 100) return `$${usd.toLocaleString('en-US', { maximumFractionDigits: 2 })}`;
  const text = usd.toFixed(9).replace(/\.?0+$/, '');
  return `$${text === '' ? '0' : text}`;
}
