import { z } from 'zod';
import { LakeError } from '../../base/index.ts';
import { storageErrors } from './errors.ts';
import type { ListPosition } from './object-listing.ts';

const position = z.strictObject({ n: z.string().max(1_100), p: z.boolean() });

/** Where a page ended, as opaque text. It only moves the start of a listing that is authorised by itself. */
export function writePageToken(next: ListPosition): string {
  return Buffer.from(JSON.stringify({ n: next.name, p: next.isPrefix })).toString('base64url');
}

/** Throws `storage.invalid_page_token`. */
export function readPageToken(token: string | undefined): ListPosition | null {
  if (token === undefined) return null;
  try {
    const { n, p } = position.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
    return { name: n, isPrefix: p };
  } catch (cause) {
    throw new LakeError(storageErrors.invalid_page_token, {
      detail: 'The page_token is not one that this listing gave; begin again without it.',
      cause,
    });
  }
}
