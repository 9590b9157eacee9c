import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const KEPT_LINES = 500;

/** The lines typed in earlier sessions, newest first. Statements may hold values, so the file is its owner's alone. */
export function historyFile(path: string): { read(): string[]; write(lines: readonly string[]): void } {
  return {
    read() {
      try {
        return readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .slice(0, KEPT_LINES);
      } catch {
        return [];
      }
    },
    write(lines) {
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        writeFileSync(path, lines.slice(0, KEPT_LINES).join('\n'), { mode: 0o600 });
      } catch {
        // A read-only home directory costs the history, not the session.
      }
    },
  };
}
