import type { Finding, Severity } from './finding.ts';
import { RULES } from './registry.ts';
import { SUPPRESSION_RULE } from './suppressions.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The findings of the reviewers as a SARIF 2.1.0 log of one run. */
export function sarifLog(findings: readonly Finding[], toolVersion: string): unknown {
  const rules = [
    ...RULES.map(({ id, title, remedy, severity }) => ({ id, title, remedy, severity })),
    {
      id: SUPPRESSION_RULE,
      title: 'suppressions without a reason or an effect',
      remedy: 'Write `review-ok <rule-id>: reason`, or delete the comment.',
      severity: 'warning' as Severity,
    },
  ];
  const tool = { name: 'lakehouse review', version: toolVersion, rules, root: 'the reviewed folder' };
  return sarifOf(findings, tool);
}

/** Who found the findings of a log, and by which rules. */
export interface SarifTool {
  readonly name: string;
  readonly version: string;
  readonly rules: readonly {
    readonly id: string;
    readonly title: string;
    readonly remedy: string;
    readonly severity: Severity;
  }[];
  /** What the paths of the findings start from, in words. */
  readonly root: string;
}

/** Findings as a SARIF 2.1.0 log of one run of a tool. */
export function sarifOf(findings: readonly Finding[], tool: SarifTool): unknown {
  const { rules } = tool;
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: tool.name,
            semanticVersion: tool.version,
            rules: rules.map(({ id, title, remedy, severity }) => ({
              id,
              shortDescription: { text: title },
              help: { text: remedy },
              defaultConfiguration: { level: severity },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { SRCROOT: { description: { text: tool.root } } },
        results: findings.map((finding) => ({
          ruleId: finding.rule,
          ruleIndex: rules.findIndex(({ id }) => id === finding.rule),
          level: finding.severity,
          message: { text: `${finding.claim} ${finding.remedy}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(finding.path), uriBaseId: 'SRCROOT' },
                region: { startLine: finding.line },
              },
              ...(finding.symbol === ''
                ? {}
                : { logicalLocations: [{ fullyQualifiedName: finding.symbol }] }),
            },
          ],
          partialFingerprints: { 'lakehouseFinding/v1': finding.id },
        })),
      },
    ],
  };
}
