import { z } from 'zod';
import { LakeError } from '../../base/index.ts';
import { observerErrors } from './errors.ts';

/** A place in the order of events, as text. */
export const cursorText = z.string().max(64);

/** Throws `observer.unknown_cursor`. */
export function cursorSeq(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new LakeError(observerErrors.unknown_cursor, { detail: 'A cursor is the `seq` of an event.' });
}
