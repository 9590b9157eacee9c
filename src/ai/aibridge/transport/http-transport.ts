import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { LakeError } from '../../../base/index.ts';
import { modelsErrors } from '../errors.ts';
import { ProviderFailure } from '../provider.ts';
import { addressKind } from './address-guard.ts';
import { startDeadline } from './deadline.ts';
import { transportFailure } from './transport-failure.ts';
import { Upstream } from './upstream.ts';
import { UpstreamCall } from './upstream-call.ts';

/** How one provider is reached. Comes from an administrator's configuration, never from a request (K-10). */
export interface TransportSettings {
  /** The provider's name in the configuration; messages name it. */
  readonly name: string;
  readonly baseUrl: string;
  /** Sent with every request, the key among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Loopback and private ranges, for a service of one's own network. Link-local is never connected to. */
  readonly allowPrivateAddresses: boolean;
  readonly timeouts: {
    /** From the request to the head of the answer. */
    readonly headersMs: number;
    /** Between two chunks of the answer. */
    readonly idleMs: number;
    readonly totalMs: number;
  };
  readonly maxResponseBytes: number;
}

export interface TransportRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL, with its leading slash. */
  readonly path: string;
  /** Of this request alone. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON text. */
  readonly body: string | null;
  readonly signal: AbortSignal;
}

/** One provider's connections, kept open between calls. */
export interface Transport {
  /** Answers with the head of the reply, whatever its status. Follows no redirect. Throws `ProviderFailure`. */
  send(request: TransportRequest): Promise<Upstream>;
  /** Ends the connections; calls in flight fail. */
  close(): Promise<void>;
}

const MAX_CONNECT_MS = 10_000;
/** More calls than this to one provider wait for one another; the gateway's own limits lie below. */
const MAX_CONNECTIONS = 1_024;
const KEEP_ALIVE_MS = 30_000;

/** Throws `models.provider_misconfigured`. `lookup` is a parameter so that a test decides what a name resolves to. */
export function createTransport(
  settings: TransportSettings,
  lookup: LookupFunction = systemLookup,
): Transport {
  const base = checkedBase(settings);
  const headers = checkedHeaders(settings);
  const { headersMs, idleMs, totalMs } = settings.timeouts;
  const agent = new Agent({
    // A function, so that no environment variable brings a proxy in and every connection passes the guard.
    connect: guardedConnector(settings, lookup),
    connections: MAX_CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: headersMs,
    bodyTimeout: idleMs,
  });
  return {
    async send({ method, path, headers: own, body, signal }) {
      const call = new UpstreamCall();
      const deadline = startDeadline(signal, totalMs, (failure) => call.abort(failure));
      const content = body === null ? {} : { 'content-type': 'application/json' };
      const request = {
        origin: base.origin,
        path: base.pathname.replace(/\/+$/, '') + path,
        method,
        headers: { ...headers, ...content, ...own },
        body,
      };
      try {
        if (!signal.aborted) agent.dispatch(request, call);
        const { status, headers: answered } = await call.head();
        const maxBytes = settings.maxResponseBytes;
        return requireUncompressed(
          new Upstream({ status, headers: answered, body: call, deadline, maxBytes }),
        );
      } catch (error) {
        deadline.release();
        throw transportFailure(error, 'head');
      }
    },
    close: () => agent.destroy(),
  };
}

/** No compression is asked for; an answer that has one anyway could not be passed on as it arrived. */
function requireUncompressed(upstream: Upstream): Upstream {
  const encoding = upstream.header('content-encoding') ?? 'identity';
  if (encoding === 'identity') return upstream;
  upstream.destroy();
  const message = 'The provider’s answer is compressed, which was not asked for.';
  const { status } = upstream;
  throw new ProviderFailure({ class: 'server_error', status, hadBegun: status === 200 }, message);
}

/**
 * Connects only to addresses the settings allow. A name is resolved once for each connection, and the addresses that were
 * checked are the ones connected to, so that no second answer of the name service gets round; the forms in which a number
 * can be written are one form once the URL parser has read them.
 */
function guardedConnector(settings: TransportSettings, lookup: LookupFunction): buildConnector.connector {
  const isAllowed = (address: string) => {
    const kind = addressKind(address);
    return kind === 'public' || (kind === 'private' && settings.allowPrivateAddresses);
  };
  const guardedLookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '');
      const addresses = Array.isArray(found) ? found : [{ address: found, family: isIP(found) }];
      const refused = addresses.find(({ address }) => !isAllowed(address));
      const [first] = addresses;
      if (refused !== undefined || first === undefined)
        return callback(refusal(settings, refused?.address), '');
      if (options.all === true) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
  const connect = buildConnector({
    timeout: Math.min(settings.timeouts.headersMs, MAX_CONNECT_MS),
    // One call to a connection: a call that is cut off takes no other with it.
    allowH2: false,
    lookup: guardedLookup,
  });
  return (options, callback) => {
    // An address in place of a name is never looked up.
    const literal = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !isAllowed(literal)) return callback(refusal(settings, literal), null);
    connect(options, callback);
  };
}

function refusal(settings: TransportSettings, address: string | undefined): ProviderFailure {
  const isPrivate = address !== undefined && addressKind(address) === 'private';
  const reason = isPrivate
    ? 'an address of loopback or a private network; set `allow_private_addresses` of the provider where that is meant'
    : 'an address that is never connected to: link-local, metadata, shared, multicast, unspecified or reserved';
  return new ProviderFailure(
    { class: 'unreachable' },
    `The base URL of the provider \`${settings.name}\` leads to ${reason}.`,
  );
}

function checkedBase(settings: TransportSettings): URL {
  const base = URL.parse(settings.baseUrl);
  const isPlain =
    base !== null &&
    (base.protocol === 'https:' || base.protocol === 'http:') &&
    base.username === '' &&
    base.password === '' &&
    base.search === '' &&
    base.hash === '';
  if (!isPlain)
    throw misconfigured(settings, 'base URL is not one of http or https without user, query and fragment');
  return base;
}

function checkedHeaders(settings: TransportSettings): Readonly<Record<string, string>> {
  try {
    return Object.fromEntries(new Headers({ ...settings.headers }));
  } catch {
    // Without its cause, which repeats the value.
    throw misconfigured(settings, 'key or headers hold characters that HTTP does not carry');
  }
}

function misconfigured(settings: TransportSettings, what: string): LakeError {
  return new LakeError(modelsErrors.provider_misconfigured, {
    detail: `The provider \`${settings.name}\` cannot be used: its ${what}.`,
  });
}
