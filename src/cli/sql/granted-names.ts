import type { ApiClient } from '../api-client.ts';
import type { GrantedNames } from './completer.ts';

/** What `GET /access/me` says, as far as the command line shows it. */
export interface AccessMe {
  readonly identity: ShownIdentity;
  readonly on_behalf_of: ShownIdentity | null;
  readonly policy_version: number;
  readonly permissions: readonly string[];
  readonly datasets: readonly GrantedDataset[];
}

export interface ShownIdentity {
  readonly name: string;
  readonly role: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly key_expires_at: string | null;
}

export interface GrantedDataset {
  readonly name: string;
  readonly actions: readonly string[];
  readonly filtered: boolean;
  readonly columns: readonly ShownColumn[];
  readonly refused_because: string | null;
}

export interface ShownColumn {
  readonly name: string;
  readonly type: string;
  readonly tags: readonly string[];
  readonly masked: boolean;
  readonly method: string | null;
  readonly because: readonly string[];
}

export async function readAccessMe(api: ApiClient): Promise<AccessMe> {
  return (await api.json<AccessMe>({ method: 'GET', path: '/access/me' })).value;
}

export function grantedNames(me: AccessMe): GrantedNames {
  return new Map(me.datasets.map((dataset) => [dataset.name, dataset.columns.map((column) => column.name)]));
}
