import type { IcebergField, PiiDetector } from '../catalogd/index.ts';

/** Which columns of a file hold personal data, by what was seen of them. */
export interface PersonalColumns {
  /** Tags that are sure enough, by field id. */
  readonly tags: ReadonlyMap<number, readonly string[]>;
  /** Names of columns that look like personal data without being tagged. */
  readonly suspected: readonly string[];
}

export function findPersonalColumns(
  detector: PiiDetector,
  fields: readonly IcebergField[],
  samples: readonly (readonly unknown[])[],
): PersonalColumns {
  const findings = detector.detect(
    fields.map((field, index) => ({
      name: field.name,
      type: typeof field.type === 'string' ? field.type : field.type.type,
      samples: samples[index] ?? [],
    })),
  );
  const ids = new Map(fields.map((field) => [field.name, field.id]));
  const tags = new Map<number, string[]>();
  for (const { name, tag, suspected } of findings) {
    const id = ids.get(name);
    if (id !== undefined && !suspected) tags.set(id, [...(tags.get(id) ?? []), tag]);
  }
  const suspected = findings.filter((finding) => finding.suspected && !tags.has(ids.get(finding.name) ?? -1));
  return { tags, suspected: [...new Set(suspected.map((finding) => finding.name))] };
}
