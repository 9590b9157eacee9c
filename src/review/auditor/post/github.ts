import {
  allPages,
  type CodeHost,
  commentsIn,
  type HostConnection,
  hostCalls,
  REVIEW_BODY,
  wordsIn,
} from './code-host.ts';

/** GitHub's REST interface, version 2022-11-28; also GitHub Enterprise Server, whose address ends in `/api/v3`. */
export function githubHost(connection: Omit<HostConnection, 'headers'>, token: string): CodeHost {
  const { pullRequest } = connection;
  const call = hostCalls({
    ...connection,
    headers: {
      Accept: 'application/vnd.github+json',
      Authorization: `Bearer ${token}`,
      'X-GitHub-Api-Version': '2022-11-28',
    },
  });
  const repository = `/repos/${pullRequest.repository}`;
  return {
    words: async () => wordsIn(await call('GET', `${repository}/pulls/${pullRequest.number}`), 'body'),
    setStatus: async (commit, status) =>
      void (await call('POST', `${repository}/statuses/${commit}`, status)),
    comments: async () =>
      commentsIn(await allPages(call, `${repository}/issues/${pullRequest.number}/comments`, 'per_page=100')),
    addComment: async (body) =>
      void (await call('POST', `${repository}/issues/${pullRequest.number}/comments`, { body })),
    editComment: async (id, body) =>
      void (await call('PATCH', `${repository}/issues/comments/${id}`, { body })),
    lineComments: async () =>
      commentsIn(await allPages(call, `${repository}/pulls/${pullRequest.number}/comments`, 'per_page=100')),
    addLineComments: async (commit, comments) =>
      void (await call('POST', `${repository}/pulls/${pullRequest.number}/reviews`, {
        commit_id: commit,
        event: 'COMMENT',
        body: REVIEW_BODY,
        comments: comments.map(({ path, line, body }) => ({ path, line, side: 'RIGHT', body })),
      })),
  };
}
