import { type Logger as PinoLogger, pino } from 'pino';

/** Structured log; members that could hold a secret are cut out before a line is written. */
export type Logger = PinoLogger;

const SECRET_PATHS = [
  'key',
  'authorization',
  'headers',
  '*.key',
  '*.authorization',
  '*.headers',
  'sql',
  '*.sql',
  'params',
];

/** A logger writing JSON lines to standard error (`destination` 2), so that standard output stays the program's own. */
export function createLogger(options: { level: string }): Logger {
  return pino(
    { level: options.level, redact: { paths: SECRET_PATHS, censor: '[redacted]' }, base: null },
    pino.destination({ fd: 2, sync: true }),
  );
}
