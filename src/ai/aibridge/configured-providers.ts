import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Clock, isLakeError, LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import { modelsErrors } from './errors.ts';
import type { ModelProvider } from './provider.ts';
import { createProvider, usualBaseUrl } from './providers/create-provider.ts';

export interface ProviderParts {
  readonly home: string;
  readonly config: Config['models'];
  /** Where keys are looked up by name; handed in by main, which alone reads the environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/**
 * The providers of the configuration, in its order. Connects to none. Throws `models.provider_misconfigured` where a key
 * that is named is not there, since a provider without its key would only fail later, request by request, and where
 * others than its owner can read the file that holds one.
 */
export function configuredProviders(parts: ProviderParts): ReadonlyMap<string, ModelProvider> {
  const { clock } = parts;
  return new Map(
    Object.entries(parts.config.providers).map(([name, settings]) => [
      name,
      createProvider(
        {
          name,
          kind: settings.kind,
          baseUrl: settings.base_url === '' ? usualBaseUrl(settings.kind) : settings.base_url,
          apiKey: keyOf(parts, name, settings),
          allowPrivateAddresses: settings.allow_private_addresses,
          timeouts: {
            headersMs: settings.headers_timeout_ms,
            idleMs: settings.idle_timeout_ms,
            totalMs: settings.total_timeout_ms,
          },
          maxResponseBytes: settings.max_response_bytes,
        },
        { clock },
      ),
    ]),
  );
}

/** The permission bits of group and others. */
const OTHERS = 0o077;

function keyOf(
  { home, environment }: ProviderParts,
  name: string,
  settings: Config['models']['providers'][string],
): string | null {
  const { api_key_env: variable, api_key_file: file } = settings;
  if (variable === '' && file === '') return null;
  const key = variable !== '' ? environment[variable] : readPrivate(resolve(home, file), name);
  if (key !== undefined && key.trim() !== '') return key.trim();
  const place = variable !== '' ? `the environment variable ${variable}` : 'the file of api_key_file';
  throw misconfigured(`takes its key from ${place}, which is not there or empty. Set it`, name);
}

/** The file's text; undefined where it cannot be read, which is told to the administrator like an empty one. */
function readPrivate(file: string, name: string): string | undefined {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    // Asked of the open file, so that what is judged is what is read.
    const mode = fstatSync(handle).mode & 0o777;
    if ((mode & OTHERS) === 0) return readFileSync(handle, 'utf8');
    const found = `takes its key from a file of mode ${mode.toString(8).padStart(4, '0')}, which others can use.`;
    throw misconfigured(`${found} Run chmod 600 on the file of api_key_file`, name);
  } catch (error) {
    if (isLakeError(error)) throw error;
    return undefined;
  } finally {
    closeSync(handle);
  }
}

function misconfigured(what: string, name: string): LakeError {
  return new LakeError(modelsErrors.provider_misconfigured, {
    detail: `The provider "${name}" ${what} and start again.`,
  });
}
