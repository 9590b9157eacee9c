import { z } from 'zod';
import { LakeError } from '../../base/index.ts';
import { checkToml, describeProblem } from '../../config/index.ts';
import { auditorErrors } from './errors.ts';

const BLOCKING = ['static', 'dynamic', 'inference'] as const;

const settingsSchema = z.strictObject({
  block_on: z.array(z.enum(BLOCKING)).optional(),
});

/** What the auditor's caller decides; the audited has no say in it. */
export interface AuditorSettings {
  /** Verifiers whose contradiction blocks. */
  readonly blockOn: readonly (typeof BLOCKING)[number][];
}

/** Only proof blocks; docs/decisions/0010-only-proof-blocks.md says why. */
export const DEFAULT_SETTINGS: AuditorSettings = { blockOn: ['static', 'dynamic'] };

/** Reads auditor.toml. Throws `auditor.invalid_settings`. */
export function parseSettings(text: string): AuditorSettings {
  const checked = checkToml(text, settingsSchema);
  if (checked.ok) return { blockOn: checked.value.block_on ?? DEFAULT_SETTINGS.blockOn };
  const [problem] = checked.problems;
  throw new LakeError(auditorErrors.invalid_settings, {
    detail: problem === undefined ? 'auditor.toml is not valid.' : describeProblem('auditor.toml', problem),
  });
}
