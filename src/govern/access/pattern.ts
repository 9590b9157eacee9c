const SEGMENT = /^[A-Za-z0-9_*-]+$/;
const MAX_LENGTH = 256;

/** Whether a text may stand as a dataset pattern: dotted segments of letters, digits, `_`, `-`, with `*` as a glob. */
export function isDatasetPattern(text: string): boolean {
  return text.length <= MAX_LENGTH && text.split('.').every((segment) => SEGMENT.test(segment));
}

/** Whether a text may stand as a tag pattern: `pii.email`, `pii.*`. */
export function isTagPattern(text: string): boolean {
  return isDatasetPattern(text);
}
