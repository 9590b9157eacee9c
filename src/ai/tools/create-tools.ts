import type { Clock, JsonObject, Logger } from '../../base/index.ts';
import type { AnyOperation, EventDraft, HttpRoute } from '../../govern/scope/index.ts';
import { callTool } from './operations/call-tool.ts';
import { listTools } from './operations/list-tools.ts';
import { reloadTools } from './operations/reload-tools.ts';
import { toolRoutes } from './routes.ts';
import { openToolBook } from './tool-book.ts';
import type { ToolFileParts } from './tool-file.ts';

export interface ToolsParts extends ToolFileParts {
  /** Absolute path of the folder of tool files. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Tools {
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  /**
   * The event that records which tools this start put in force; null where the journal's newest record of them
   * (`recorded`, the data of `tools.loaded` or `tools.reloaded`) is of the same files, or there never were any.
   */
  loadedEvent(recorded: JsonObject | null): EventDraft | null;
}

/** The tools room over one folder. Throws `tools.definitions_invalid` or `tools.definitions_unreadable`. */
export async function createTools(parts: ToolsParts): Promise<Tools> {
  const book = await openToolBook(parts.folder, parts);
  const { tools, sha256 } = book.current();
  parts.log.info({ tools: tools.size, sha256 }, 'tools loaded');
  return {
    operations: [listTools(book), callTool({ book, clock: parts.clock }), reloadTools(book)],
    routes: toolRoutes,
    loadedEvent(recorded) {
      const inForce = book.current();
      const isNews = recorded === null ? inForce.tools.size > 0 : recorded.sha256 !== inForce.sha256;
      if (!isNews) return null;
      const data = { sha256: inForce.sha256, tools: [...inForce.tools.keys()] };
      return { action: 'tools.loaded', subject: 'tools:folder', data };
    },
  };
}
