import {
  allPages,
  type CodeHost,
  commentsIn,
  type HostConnection,
  hostCalls,
  REVIEW_BODY,
  wordsIn,
} from './code-host.ts';

/** Gitea's REST interface, `/api/v1`; Forgejo's is the same in this. */
export function giteaHost(connection: Omit<HostConnection, 'headers'>, token: string): CodeHost {
  const { pullRequest } = connection;
  const call = hostCalls({
    ...connection,
    headers: { Accept: 'application/json', Authorization: `token ${token}` },
  });
  const repository = `/api/v1/repos/${pullRequest.repository}`;
  const reviews = `${repository}/pulls/${pullRequest.number}/reviews`;
  return {
    words: async () => wordsIn(await call('GET', `${repository}/pulls/${pullRequest.number}`), 'body'),
    setStatus: async (commit, status) =>
      void (await call('POST', `${repository}/statuses/${commit}`, status)),
    // The comments of an issue come in one answer, whatever page is asked for.
    comments: async () =>
      commentsIn(listIn(await call('GET', `${repository}/issues/${pullRequest.number}/comments`))),
    addComment: async (body) =>
      void (await call('POST', `${repository}/issues/${pullRequest.number}/comments`, { body })),
    editComment: async (id, body) =>
      void (await call('PATCH', `${repository}/issues/comments/${id}`, { body })),
    lineComments: async () => {
      const found = await allPages(call, reviews, 'limit=50');
      const ids = found.flatMap((one) =>
        typeof one === 'object' && one !== null && 'id' in one && typeof one.id === 'number' ? [one.id] : [],
      );
      const comments: unknown[] = [];
      for (const id of ids) comments.push(...listIn(await call('GET', `${reviews}/${id}/comments`)));
      return commentsIn(comments);
    },
    addLineComments: async (commit, comments) =>
      void (await call('POST', reviews, {
        commit_id: commit,
        event: 'COMMENT',
        body: REVIEW_BODY,
        comments: comments.map(({ path, line, body }) => ({
          path,
          new_position: line,
          old_position: 0,
          body,
        })),
      })),
  };
}

function listIn(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : [];
}
