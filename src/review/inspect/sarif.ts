import type { Finding, Severity } from './finding.ts';
import { RULES } from './registry.ts';
import { SUPPRESSION_RULE } from './suppressions.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The findings as a SARIF 2.1.0 log of one run. */
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
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'lakehouse review',
            semanticVersion: toolVersion,
            rules: rules.map(({ id, title, remedy, severity }) => ({
              id,
              shortDescription: { text: title },
              help: { text: remedy },
              defaultConfiguration: { level: severity },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { SRCROOT: { description: { text: 'the reviewed folder' } } },
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
