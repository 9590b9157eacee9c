import type { Severity } from './finding.ts';
import type { Project } from './project.ts';
import type { RustNode } from './rust/rust-node.ts';
import type { RustSource } from './rust/rust-source.ts';
import type { Node, ParsedSource } from './syntax/parsed-source.ts';

/** One deterministic reviewer: a plug-in of the registry with a page in docs/review/ and fixtures of its own. */
export interface Rule {
  /** Kebab-case, and never renamed: suppressions and baselines quote it. */
  readonly id: string;
  /** Of its findings, where a report does not say otherwise. */
  readonly severity: Severity;
  /** What it finds, as a noun phrase. */
  readonly title: string;
  /** What to do about a finding, where a report does not say otherwise. */
  readonly remedy: string;
  /** Begins one inspection; what the run remembers of the files lives in its closure. */
  readonly start: () => RuleRun;
}

/** What a rule looks at, in this order: every source file once, then the tree as a whole. */
export interface RuleRun {
  source?(file: ParsedSource, report: Report): void;
  rust?(file: RustSource, report: Report): void;
  finish?(project: Project, report: Report): void;
}

export type Report = (observation: Observation) => void;

/** A finding as a rule states it. */
export interface Observation {
  readonly place: Place;
  readonly claim: string;
  readonly severity?: Severity;
  readonly remedy?: string;
}

/** Where in a file, kept after the file's syntax tree is gone. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly symbol: string;
}

export function placeOf(file: ParsedSource, node: Node): Place {
  return { path: file.path, line: file.lineAt(node.start), symbol: file.symbolAround(node) };
}

export function placeOfRust(file: RustSource, node: RustNode): Place {
  return { path: file.path, line: file.lineOf(node), symbol: file.symbolAround(node) };
}
