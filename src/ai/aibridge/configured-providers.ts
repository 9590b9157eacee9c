import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Clock, LakeError } from '../../base/index.ts';
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
 * that is named is not there: a provider without its key would only fail later, request by request.
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

function keyOf(
  { home, environment }: ProviderParts,
  name: string,
  settings: Config['models']['providers'][string],
): string | null {
  const { api_key_env: variable, api_key_file: file } = settings;
  if (variable === '' && file === '') return null;
  const key = variable !== '' ? environment[variable] : readText(resolve(home, file));
  if (key !== undefined && key.trim() !== '') return key.trim();
  const place = variable !== '' ? `the environment variable ${variable}` : 'the file of api_key_file';
  throw new LakeError(modelsErrors.provider_misconfigured, {
    detail: `The provider "${name}" takes its key from ${place}, which is not there or empty. Set it and start again.`,
  });
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Told to the administrator like an empty one.
    return undefined;
  }
}
