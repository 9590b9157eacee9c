import { LakeError } from '../../base/index.ts';
import { storageErrors } from './errors.ts';

/** What a caller says the content must be; null where nothing was said. */
export interface ExpectedContent {
  /** Base64. */
  readonly md5: string | null;
  /** Lower-case hex. */
  readonly sha256: string | null;
  readonly sizeBytes: number | null;
}

/** Throws `storage.invalid_checksum`. */
export function parseExpectedContent(input: {
  content_md5?: string | undefined;
  checksum_sha256?: string | undefined;
  content_length?: number | undefined;
}): ExpectedContent {
  return {
    md5: input.content_md5 === undefined ? null : parseMd5(input.content_md5),
    sha256: input.checksum_sha256 === undefined ? null : parseSha256(input.checksum_sha256),
    sizeBytes: input.content_length ?? null,
  };
}

/** Throws `storage.truncated` and `storage.checksum_mismatch`. */
export function requireExpected(
  expected: ExpectedContent,
  actual: { sizeBytes: number; sha256: string; md5: string | null },
): void {
  if (expected.sizeBytes !== null && expected.sizeBytes !== actual.sizeBytes) {
    throw new LakeError(storageErrors.truncated, {
      detail: `Content-Length says ${expected.sizeBytes} bytes, ${actual.sizeBytes} came.`,
    });
  }
  if (expected.md5 !== null && expected.md5 !== actual.md5) throw mismatch('Content-MD5');
  if (expected.sha256 !== null && expected.sha256 !== actual.sha256) throw mismatch('x-checksum-sha256');
}

function parseMd5(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.byteLength !== 16 || bytes.toString('base64') !== text) throw notUnderstood('Content-MD5');
  return text;
}

function parseSha256(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  const bytes = Buffer.from(text, 'base64');
  if (bytes.byteLength !== 32 || bytes.toString('base64') !== text) throw notUnderstood('x-checksum-sha256');
  return bytes.toString('hex');
}

function mismatch(header: string): LakeError {
  return new LakeError(storageErrors.checksum_mismatch, {
    detail: `The content that came does not have the ${header} given with it; send it again.`,
  });
}

function notUnderstood(header: string): LakeError {
  return new LakeError(storageErrors.invalid_checksum, {
    detail: `${header} is not of the form it must have.`,
  });
}
