import type { CodeHost, PullRequest } from './code-host.ts';
import { giteaHost } from './gitea.ts';
import { githubHost } from './github.ts';
import { gitlabHost } from './gitlab.ts';

/** Where an audit is shown, and where the words of a pull request come from. */
export interface PostTarget extends PullRequest {
  readonly service: 'github' | 'gitea' | 'gitlab';
  readonly token: string;
}

/** The code host of a pull request. */
export function hostOf(target: PostTarget, fetch: typeof globalThis.fetch): CodeHost {
  const make = { github: githubHost, gitea: giteaHost, gitlab: gitlabHost }[target.service];
  return make({ pullRequest: target, fetch }, target.token);
}
