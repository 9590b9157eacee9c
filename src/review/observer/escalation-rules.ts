import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isLakeError, LakeError } from '../../base/index.ts';
import { checkToml, describeProblem } from '../../config/index.ts';
import { observerErrors } from './errors.ts';
import { severitySchema } from './event.ts';

/** The name under which the file may be missing: homes made before there was one lack it. */
const USUAL_FILE = 'observer.toml';

const pattern = z.string().min(1).max(256).optional();

const escalationSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'Must be lower-case words joined by hyphens'),
  when: z.strictObject({
    source: pattern,
    kind: pattern,
    severity: severitySchema.default('debug'),
    signature: pattern,
  }),
  times: z.int().min(2).max(10_000),
  within_s: z.int().min(1).max(604_800),
});
export type EscalationRule = z.output<typeof escalationSchema>;

/** The whole of `observer.toml`. */
const fileSchema = z.strictObject({
  escalations: z
    .array(escalationSchema)
    .max(100)
    .default([])
    .superRefine((rules, check) => {
      for (const [index, { name }] of rules.entries()) {
        if (rules.findIndex((rule) => rule.name === name) < index) {
          check.addIssue({ code: 'custom', path: [index, 'name'], message: 'Another one has this name' });
        }
      }
    }),
});

/** Parses the text of a rules file. Throws `observer.escalations_invalid` with every mistake’s line and key. */
export function parseEscalations(text: string, fileName: string): readonly EscalationRule[] {
  const checked = checkToml(text, fileSchema);
  if (checked.ok) return checked.value.escalations;
  throw new LakeError(observerErrors.escalations_invalid, {
    detail: checked.problems.map((problem) => describeProblem(fileName, problem)).join('\n'),
    data: { problems: checked.problems },
  });
}

interface EscalationFile {
  readonly rules: readonly EscalationRule[];
  /** True where the home has no file and the package's own holds. */
  readonly shipped: boolean;
}

/**
 * Reads the rules that the configuration names. `resolve` makes an absolute path of one that is relative to the home.
 * Throws `observer.escalations_unreadable` and `observer.escalations_invalid`: the program must not start without them.
 */
export function readEscalations(file: string, resolve: (path: string) => string): EscalationFile {
  const path = resolve(file);
  try {
    return { rules: parseEscalations(textOf(path), basename(path)), shipped: false };
  } catch (error) {
    if (file !== USUAL_FILE || !isAbsence(error)) throw error;
    const shipped = fileURLToPath(new URL(`../../../config/${USUAL_FILE}`, import.meta.url));
    return { rules: parseEscalations(textOf(shipped), USUAL_FILE), shipped: true };
  }
}

function isAbsence(error: unknown): boolean {
  if (!isLakeError(error) || error.code !== observerErrors.escalations_unreadable.code) return false;
  return error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ENOENT';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LakeError(observerErrors.escalations_unreadable, {
      detail: `The file ${basename(path)} cannot be read. Put it where observer.escalations_file names it.`,
      cause,
    });
  }
}
