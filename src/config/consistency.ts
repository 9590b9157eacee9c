import type { FileProblem } from './checked-toml.ts';
import { closestName } from './closest-name.ts';
import type { Config } from './schema.ts';
import type { TomlLines } from './toml-lines.ts';

/** What no single key can say: keys that contradict each other. Empty for a configuration that may start. */
export function consistencyProblems(config: Config, lines: TomlLines): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  const refuse = (path: readonly string[], message: string, suggestion: string | null = null) =>
    problems.push({ line: lines.lineOf(path), key: path.join('.'), message, suggestion });
  const { server, auth, storage, engine, query, models } = config;

  if (!Object.hasOwn(storage.buckets, storage.default_bucket)) {
    const suggestion = closestName(storage.default_bucket, Object.keys(storage.buckets));
    refuse(['storage', 'default_bucket'], 'No bucket of this name is configured.', suggestion);
  }
  for (const [name, other] of sharedFolders(storage.buckets)) {
    refuse(
      ['storage', 'buckets', name, 'path'],
      `Bucket "${other}" has the same folder or one around or inside it.`,
    );
  }
  if (!auth.enabled && !isLoopback(server.host)) {
    refuse(
      ['auth', 'enabled'],
      'May be false only where server.host is a loopback address, such as 127.0.0.1.',
    );
  }
  if (engine.timeout_ms > engine.max_timeout_ms) {
    refuse(
      ['engine', 'timeout_ms'],
      `May not be longer than engine.max_timeout_ms (${engine.max_timeout_ms}).`,
    );
  }
  if (engine.memory_limit_mb > engine.process_memory_mb) {
    refuse(
      ['engine', 'memory_limit_mb'],
      `May not be more than engine.process_memory_mb (${engine.process_memory_mb}).`,
    );
  }
  if (query.default_limit > query.max_limit) {
    refuse(['query', 'default_limit'], `May not be more than query.max_limit (${query.max_limit}).`);
  }
  for (const [index, origin] of server.allowed_origins.entries()) {
    if (!isOrigin(origin)) {
      refuse(
        ['server', 'allowed_origins', String(index)],
        'Must be an origin, such as https://app.example.com.',
      );
    }
  }
  for (const [name, provider] of Object.entries(models.providers)) {
    if (provider.api_key_env !== '' && provider.api_key_file !== '') {
      refuse(
        ['models', 'providers', name, 'api_key_file'],
        'Give a key by api_key_env or by api_key_file, not both.',
      );
    }
    if (provider.base_url !== '' && !isServiceAddress(provider.base_url)) {
      refuse(
        ['models', 'providers', name, 'base_url'],
        'Must be an http or https address without user, query and fragment, such as https://api.example.com/v1.',
      );
    }
  }
  return problems;
}

function isServiceAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}

/** Whether only programs of this machine can reach the address: 127.0.0.0/8, ::1 or localhost. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** Pairs of buckets of which one could reach the other's objects by its own keys. */
function sharedFolders(buckets: Config['storage']['buckets']): readonly (readonly [string, string])[] {
  const folders = Object.entries(buckets).map(([name, bucket]) => ({
    name,
    parts: folderParts(bucket.path),
  }));
  return folders.flatMap((folder, index) => {
    const other = folders
      .slice(0, index)
      .find(({ parts }) => startsWith(parts, folder.parts) || startsWith(folder.parts, parts));
    return other === undefined ? [] : [[folder.name, other.name] as const];
  });
}

function folderParts(path: string): readonly string[] {
  const parts: string[] = path.startsWith('/') ? [''] : [];
  for (const part of path.split(/[\\/]/)) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

function startsWith(parts: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((part, index) => parts[index] === part);
}
