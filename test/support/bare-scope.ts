import type { NestedAnswer } from '../../src/govern/scope/index.ts';

/** The rest of a scope for a test that is not about models, tools or tags: it may use none of them. */
export const NO_MODELS = {
  models: new Set<string>(),
  tools: new Set<string>(),
  mayUseModel: () => false,
  mayUseTool: () => false,
  maskedTags: () => [],
  spend: null,
} as const;

/** An invocation without content, of an operation that runs no other. */
export const BARE_INVOCATION = {
  body: null,
  contentSha256: async () => '',
  extentAfter: 'none',
  fieldsOfPieces: [],
  nested: async (operation: string): Promise<NestedAnswer> => {
    throw new Error(`${operation} is not run by this test`);
  },
} as const;
