/** Bytes of an object, both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads a Range header against a size (RFC 9110 §14.1.2). `whole` where there is none, where it is not understood or
 * asks for several ranges: all of these are answered with the whole object, which the standard allows.
 */
export function parseByteRange(
  text: string | undefined,
  sizeBytes: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/.exec(text?.trim() ?? '');
  if (match === null) return 'whole';
  const [, firstText = '', lastText = ''] = match;
  if (firstText === '' && lastText === '') return 'whole';
  if (firstText === '') {
    const suffix = Number(lastText);
    if (suffix === 0 || sizeBytes === 0) return 'unsatisfiable';
    return { first: Math.max(0, sizeBytes - suffix), last: sizeBytes - 1 };
  }
  const first = Number(firstText);
  const last = lastText === '' ? sizeBytes - 1 : Number(lastText);
  if (lastText !== '' && last < first) return 'whole';
  if (first >= sizeBytes) return 'unsatisfiable';
  return { first, last: Math.min(last, sizeBytes - 1) };
}
