import { sha256Hex } from '../../base/index.ts';
import { anchoredCode, type Finding } from '../../review/inspect/index.ts';
import { packedSha256 } from '../../review/scrum/index.ts';
import { fileChunks } from './file-chunks.ts';
import type { OpenFinding } from './iteration-client.ts';
import { neighbourExcerpts } from './neighbour-excerpts.ts';
import type { ReviewedFile, ReviewedTree } from './reviewed-tree.ts';

/** What a model is shown of a file in the pass that scores it. */
export type PackedFile = Parameters<typeof packedSha256>[0];

/** Tests by name, as far as they were run on this machine: whether they pass. */
export type TestResults = ReadonlyMap<string, boolean>;

/** What is known of a file besides itself. */
export interface KnownOfFile {
  readonly findings: readonly OpenFinding[];
  readonly tests: TestResults;
  /** Tests that prove findings gone, by the ids of the findings, as the user names them. */
  readonly checks: ReadonlyMap<string, string>;
  readonly proposal: string | null;
}

/** The test by which a finding is checked; null where a rule does, or nothing. */
export function testOf({ finding_id, check_kind, check_name }: OpenFinding, checks: KnownOfFile['checks']) {
  return checks.get(finding_id) ?? (check_kind === 'test' ? check_name : null);
}

const MOST_EVIDENCE = 1_000;

export function packFile(tree: ReviewedTree, file: ReviewedFile): PackedFile {
  const { path, language, text } = file;
  const { links } = tree;
  return {
    path,
    language,
    chunks: fileChunks(path, text),
    neighbours: neighbourExcerpts(
      file,
      { imported: links.importsOf(path), importers: links.importersOf(path) },
      tree,
    ),
  };
}

/** How a file stands in the list that an iteration begins with. */
export function listedFile(tree: ReviewedTree, file: ReviewedFile) {
  return {
    path: file.path,
    content_sha256: sha256Hex(file.text),
    packed_sha256: packedSha256(packFile(tree, file)),
  };
}

/** The request that has one file reviewed: the packed file, and what the directed pass and the findings' life need. */
export function fileRequest(tree: ReviewedTree, file: ReviewedFile, known: KnownOfFile) {
  const evidence = tree.findingsIn(file.path).slice(0, MOST_EVIDENCE);
  return {
    ...packFile(tree, file),
    evidence: evidence.map(({ id, rule, line, symbol, claim, severity }) => ({
      ...{ id, rule, line, severity },
      symbol: symbol.slice(0, 512),
      claim: claim.slice(0, 4_000),
    })),
    anchors: anchorsOf(tree, file, evidence, known),
    blast_radius: blastRadius(tree, file),
    proposal: known.proposal,
  };
}

/** The code that each finding points at, as it is now, and whether what would prove the finding gone does. */
function anchorsOf(
  tree: ReviewedTree,
  file: ReviewedFile,
  evidence: readonly Finding[],
  { findings, tests, checks }: KnownOfFile,
) {
  const code = anchoredCode(file.path, file.text);
  const earlier = findings.map((finding) => {
    const { finding_id, symbol, line, anchor_hash } = finding;
    const isUnchanged = anchor_hash !== null && code.holds(anchor_hash);
    const test = testOf(finding, checks);
    return {
      finding_id,
      anchor_sha256: isUnchanged ? anchor_hash : code.anchorOf({ symbol, line: line ?? 1 }),
      check:
        test === null
          ? ruleCheck(tree, file, finding)
          : { kind: 'test' as const, name: test, passes: tests.get(test) ?? null },
    };
  });
  const reported = evidence.map(({ id, rule, symbol, line }) => ({
    finding_id: id,
    anchor_sha256: code.anchorOf({ symbol, line }),
    check: { kind: 'rule' as const, name: rule, passes: false },
  }));
  return [...earlier, ...reported];
}

/**
 * Null without a rule. Whether it passes is null where the rule could not read the file, or a comment keeps it from
 * speaking: silence proves nothing then.
 */
function ruleCheck(
  tree: ReviewedTree,
  file: ReviewedFile,
  { check_kind, check_name: name, symbol, claim }: OpenFinding,
) {
  if (check_kind !== 'rule' || name === null) return null;
  const isIt = (one: Omit<Finding, 'id'>) =>
    one.rule === name && one.symbol === symbol && alike(one.claim) === alike(claim);
  const isReported = tree.findingsIn(file.path).some(isIt);
  const isTold = tree.isInspected(file.path) && !tree.suppressedIn(file.path).some(isIt);
  return { kind: 'rule' as const, name, passes: isReported ? false : isTold ? true : null };
}

function alike(claim: string): string {
  return claim.toLowerCase().replaceAll(/\d+/g, '#').replaceAll(/\s+/g, ' ').trim();
}

function blastRadius(tree: ReviewedTree, file: ReviewedFile) {
  const importers = tree.links.importersOf(file.path);
  const isServing = (path: string) => servesRoute(tree.readText(path) ?? '');
  return { importers: importers.length, route_exposed: servesRoute(file.text) || importers.some(isServing) };
}

/** Routes of Express, Fastify, Hono, axum, Flask, FastAPI, Spring and `net/http`; one word too many is the safe side. */
function servesRoute(text: string): boolean {
  return /\.(?:get|post|put|patch|delete|all|route|HandleFunc|Handle)\(\s*['"`]\/|@\w*(?:Get|Post|Put|Patch|Delete|Request)Mapping\b|\bpath:\s*['"`]\//.test(
    text,
  );
}
