import { z } from 'zod';
import {
  allPages,
  type CodeHost,
  type HostComment,
  type HostConnection,
  hostCalls,
  wordsIn,
} from './code-host.ts';

/** GitLab's REST interface, `/api/v4`. A project is named by its whole path, groups and all; pull requests are merge requests. */
export function gitlabHost(connection: Omit<HostConnection, 'headers'>, token: string): CodeHost {
  const { pullRequest } = connection;
  const call = hostCalls({
    ...connection,
    headers: { Accept: 'application/json', 'PRIVATE-TOKEN': token },
  });
  const project = `/api/v4/projects/${encodeURIComponent(pullRequest.repository)}`;
  const mergeRequest = `${project}/merge_requests/${pullRequest.number}`;
  const notes = async () => (await allPages(call, `${mergeRequest}/notes`, 'per_page=100')).flatMap(noteIn);
  return {
    words: async () => wordsIn(await call('GET', mergeRequest), 'description'),
    setStatus: async (commit, { state, context, description }) => {
      const status = { state: state === 'failure' ? 'failed' : state, name: context, description };
      const known = await call(
        'GET',
        `${project}/repository/commits/${commit}/statuses?name=${encodeURIComponent(context)}`,
      );
      // GitLab keeps every status it is given as a job of its own: the same one again would be another.
      if (isNewest(known, status)) return;
      await call('POST', `${project}/statuses/${commit}`, status);
    },
    comments: async () => (await notes()).filter(({ onLine }) => !onLine),
    addComment: async (body) => void (await call('POST', `${mergeRequest}/notes`, { body })),
    editComment: async (id, body) => void (await call('PUT', `${mergeRequest}/notes/${id}`, { body })),
    lineComments: async () => (await notes()).filter(({ onLine }) => onLine),
    addLineComments: async (commit, comments) => {
      const version = versionOf(await call('GET', `${mergeRequest}/versions`), commit);
      // Commits were pushed since: the lines may stand elsewhere, and the comment names them.
      if (version === null) return;
      for (const { path, line, body } of comments) {
        const position = {
          position_type: 'text',
          ...version,
          old_path: path,
          new_path: path,
          new_line: line,
        };
        await call('POST', `${mergeRequest}/discussions`, { body, position });
      }
    },
  };
}

const noteSchema = z.object({
  id: z.number(),
  body: z.string(),
  system: z.boolean().optional(),
  type: z.string().nullish(),
});

/** A note of people or programs, and whether it stands on a line of the change; what GitLab notes by itself is left out. */
function noteIn(member: unknown): readonly (HostComment & { readonly onLine: boolean })[] {
  const { data: note } = noteSchema.safeParse(member);
  if (note === undefined || note.system === true) return [];
  return [{ id: note.id, body: note.body, onLine: note.type === 'DiffNote' }];
}

const statusSchema = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  description: z.string().nullable(),
});

/** Whether the newest status of this name says just this. */
function isNewest(list: unknown, status: { state: string; name: string; description: string }): boolean {
  const known = z.array(statusSchema).safeParse(list).data ?? [];
  const [newest] = known.filter(({ name }) => name === status.name).sort((a, b) => b.id - a.id);
  return newest?.status === status.state && newest.description === status.description;
}

const versionSchema = z.object({
  head_commit_sha: z.string(),
  base_commit_sha: z.string(),
  start_commit_sha: z.string(),
});

/** The three commits by which GitLab places a line: of the newest version of the merge request, where that is the commit. */
function versionOf(
  list: unknown,
  commit: string,
): { base_sha: string; start_sha: string; head_sha: string } | null {
  const [newest] = z.array(versionSchema).safeParse(list).data ?? [];
  if (newest === undefined || newest.head_commit_sha !== commit) return null;
  return { base_sha: newest.base_commit_sha, start_sha: newest.start_commit_sha, head_sha: commit };
}
