import { sha256Hex } from '../../src/base/index.ts';
import { packedSha256 } from '../../src/review/scrum/index.ts';
import { ROUTING, startModelServer } from '../harness/model-server.ts';
import type { ApiOptions, TestServer } from '../harness/server.ts';
import { reply, type ScriptedReply } from '../support/scripted-provider/scripted-reply.ts';

/** A ladder of three scripted models, each of another provider. */
export const SCRUM_ROUTING = `${ROUTING}
[ladders.scrum]
rungs = [
  { provider = "openai", model = "gpt-scripted" },
  { provider = "anthropic", model = "claude-scripted" },
  { provider = "ollama", model = "llama" },
]

[breaker]
failures = 1000
`;

export const LADDER = ['openai/gpt-scripted', 'anthropic/claude-scripted', 'ollama/llama'];

export function startScrumServer(options: Parameters<typeof startModelServer>[0] = {}) {
  return startModelServer({ truth: 'rules = []\n', routing: SCRUM_ROUTING, ...options });
}

export type ScrumServer = Awaited<ReturnType<typeof startScrumServer>>;
/** As much of it as requests need, so that a server in a process of its own is one as well. */
interface Asked {
  readonly server: Pick<TestServer, 'api'>;
}

/** A source file as the client packs it. */
export function packed(path: string, text: string, neighbours: { path: string; text: string }[] = []) {
  const language = path.endsWith('.py') ? 'python' : 'typescript';
  return { path, language, chunks: [{ text, first_line: 1 }], neighbours };
}
export type Packed = ReturnType<typeof packed>;

export const COMMIT = 'a'.repeat(40);

export async function start(
  { server }: Asked,
  files: readonly Packed[],
  more: Record<string, unknown> = {},
  options: ApiOptions = {},
) {
  return server.api('POST', '/scrum/iterations', {
    json: {
      repository: 'team/project',
      commit: COMMIT,
      files: files.map((file) => ({
        path: file.path,
        content_sha256: sha256Hex(file.chunks.map(({ text }) => text).join('')),
        packed_sha256: packedSha256(file),
      })),
      ...more,
    },
    ...options,
  });
}

export async function sendFile(
  { server }: Asked,
  iterationId: string,
  file: Packed,
  more: Record<string, unknown> = {},
  options: ApiOptions = {},
) {
  return server.api('POST', `/scrum/iterations/${iterationId}/files`, {
    json: { ...file, ...more },
    ...options,
  });
}

export function finish({ server }: Asked, iterationId: string, options: ApiOptions = {}) {
  return server.api('POST', `/scrum/iterations/${iterationId}/finish`, options);
}

export const ANSWER = {
  verdict: 'needs_work',
  score: 4,
  confidence: 0.6,
  critical_failures: [
    { kind: 'ignored-result', symbol: 'guard', line: 1, claim: 'The result of the check is not read.' },
  ],
  verified_components: [],
  missing_components: [],
};

/** A model that says this in JSON. */
export function says(answer: unknown, changes: Partial<ScriptedReply> = {}): ScriptedReply {
  return reply({ text: typeof answer === 'string' ? answer : JSON.stringify(answer), ...changes });
}

export const NO_SUGGESTIONS = says({ suggestions: [] });

/** Rows of a query by the administrator. */
export async function rowsOf({ server }: ScrumServer, sql: string): Promise<Record<string, unknown>[]> {
  const answer = await server.api('POST', '/query/sql', { json: { sql } });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.json.rows;
}
