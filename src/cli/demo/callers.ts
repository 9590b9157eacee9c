import { type ApiClient, createApiClient } from '../api-client.ts';
import { demoPolicy } from './demo-policy.ts';

/** One who calls the demo's server, with a key of their own. */
export interface Caller {
  readonly name: string;
  readonly role: string;
  /** How the demo's tables head their column. */
  readonly title: string;
  readonly key: string;
  readonly api: ApiClient;
}

export interface Callers {
  readonly admin: Caller;
  readonly analyst: Caller;
  readonly recruiter: Caller;
  readonly agent: Caller;
}

const REGION = 'EMEA';

/** Keys for an analyst, a recruiter of one region, and an agent, made by the administrator over HTTP. */
export async function makeCallers(url: string, adminKey: string, fetcher: typeof fetch): Promise<Callers> {
  const client = (apiKey: string, delegationToken: string | null = null) =>
    createApiClient({ url, apiKey, delegationToken, fetch: fetcher });
  const admin: Caller = {
    name: 'admin',
    role: 'admin',
    title: 'admin',
    key: adminKey,
    api: client(adminKey),
  };
  const make = async (name: string, role: string, title: string, attributes: Record<string, string>) => {
    const json = { name, role, attributes };
    const { value } = await admin.api.json<{ key: string }>({ method: 'POST', path: '/access/keys', json });
    return { name, role, title, key: value.key, api: client(value.key) };
  };
  return {
    admin,
    analyst: await make('ann', 'analyst', 'analyst', {}),
    recruiter: await make('rosa', 'recruiter', `recruiter ${REGION}`, { region: REGION }),
    agent: await make('matcher', 'agent', 'agent', {}),
  };
}

/** Replaces the shipped policy by the demo's; the answer holds the diff. */
export async function applyDemoPolicy(admin: Caller): Promise<{
  readonly version: number;
  readonly diff: Readonly<Record<'added' | 'removed' | 'changed', readonly string[]>>;
}> {
  const path = '/access/policies';
  const shipped = await admin.api.json<Parameters<typeof demoPolicy>[0]>({ method: 'GET', path });
  const json = demoPolicy(shipped.value);
  const { value } = await admin.api.json<Awaited<ReturnType<typeof applyDemoPolicy>>>({
    method: 'PUT',
    path,
    json,
  });
  return value;
}

/** The agent acting for a person: its own key, and a token that the person's key signed. */
export async function actingFor(agent: Caller, person: Caller, fetcher: typeof fetch): Promise<Caller> {
  const json = { agent: agent.name, ttl_s: 300 };
  const { value } = await person.api.json<{ token: string }>({
    method: 'POST',
    path: '/access/delegations',
    json,
  });
  const api = createApiClient({
    url: agent.api.url,
    apiKey: agent.key,
    delegationToken: value.token,
    fetch: fetcher,
  });
  return { ...agent, title: `agent for ${person.name}`, api };
}
