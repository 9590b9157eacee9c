const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** `1.2 MB`; decimal units. */
export function humanBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `0.8 ms`, `43 ms`, `2.4 s`, `3 min 5 s`. */
export function humanDuration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `3,000,000`, the same in every locale. */
export function humanCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  const plural = /(?:s|x|ch)$/.test(noun) ? `${noun}es` : `${noun}s`;
  return `${humanCount(count)} ${count === 1 ? noun : plural}`;
}
