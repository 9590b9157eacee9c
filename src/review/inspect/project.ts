import type { ModuleGraph } from './graph/module-graph.ts';

/** The tree as a whole, once every source file was seen. */
export interface Project {
  /** Every file, sources and others. */
  readonly paths: readonly string[];
  readonly modules: ModuleGraph;
  /** The text of a file of the tree; null where it is no text, or too large. */
  readText(path: string): string | null;
  /** Whether a file of no parsed language (a template, a workflow, a settings file) mentions the word. */
  isMentionedElsewhere(word: string): boolean;
}
