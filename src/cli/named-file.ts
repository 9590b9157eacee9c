import { readFileSync } from 'node:fs';
import { usageFailure } from './cli-failure.ts';

/** The text of a file that the caller named; `what` begins the refusal's sentence, for example `The baseline `. */
export function readNamed(file: string, what = ''): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw usageFailure(`${what}${JSON.stringify(file)} cannot be read (${reason}).`);
  }
}
