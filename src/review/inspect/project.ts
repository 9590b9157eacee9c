import type { ModuleGraph } from './graph/module-graph.ts';
import type { Vocabulary } from './syntax/vocabulary.ts';

/** The tree as a whole, once every source file was seen. */
export interface Project {
  /** Every file, sources and others. */
  readonly paths: readonly string[];
  readonly modules: ModuleGraph;
  /** What production code reads by name. */
  readonly vocabulary: Vocabulary;
  /** The text of a file of the tree; null where it is no text, or too large. */
  readText(path: string): string | null;
  /** Whether a file of no parsed language (a template, a workflow, another language) mentions the word. */
  isMentionedElsewhere(word: string): boolean;
}
