import { describe, expect, it } from 'vitest';
import { isLakeError } from '../base/index.ts';
import { createOriginGuard } from './origin-guard.ts';

const guard = createOriginGuard({
  allowedHosts: ['localhost', '127.0.0.1', '[::1]'],
  allowedOrigins: ['https://app.example'],
});

function judge(headers: Record<string, string>): string {
  try {
    return JSON.stringify(guard.check(headers));
  } catch (error) {
    if (isLakeError(error)) return error.code;
    throw error;
  }
}

describe('the origin guard', () => {
  it.each([
    [{ host: 'localhost' }],
    [{ host: 'LOCALHOST:8080' }],
    [{ host: '127.0.0.1:41234' }],
    [{ host: '[::1]:8080' }],
    [{ host: 'localhost:8080', origin: 'http://localhost:8080' }],
    [{ host: 'localhost', 'sec-fetch-site': 'same-origin' }],
    [{ host: 'localhost', 'sec-fetch-site': 'none' }],
  ])('lets %j pass without CORS headers', (headers) => {
    expect(judge(headers)).toBe('{}');
  });

  it.each([
    [{}],
    [{ host: '' }],
    [{ host: 'evil.example' }],
    [{ host: 'localhost.evil.example' }],
    [{ host: 'localhost:8080@evil.example' }],
    [{ host: 'evil.example:80#localhost' }],
    [{ host: '127.0.0.1.nip.io:8080' }],
    [{ host: '[::1]evil' }],
    [{ host: 'localhost:123456' }],
  ])('refuses the host of %j', (headers) => {
    expect(judge(headers)).toBe('gateway.host_not_allowed');
  });

  it.each([
    [{ host: 'localhost', origin: 'http://evil.example' }],
    [{ host: 'localhost', origin: 'null' }],
    [{ host: 'localhost:8080', origin: 'http://localhost:9090' }],
    [{ host: 'localhost', origin: 'https://app.example.evil' }],
    [{ host: 'localhost', origin: 'file://' }],
    [{ host: 'localhost', 'sec-fetch-site': 'cross-site' }],
    [{ host: 'localhost', 'sec-fetch-site': 'same-site' }],
  ])('refuses the web page behind %j', (headers) => {
    expect(judge(headers)).toBe('gateway.origin_not_allowed');
  });

  it('answers an allowed origin with CORS headers for it alone', () => {
    const headers = { host: 'localhost', origin: 'https://app.example', 'sec-fetch-site': 'cross-site' };
    expect(JSON.parse(judge(headers))).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      vary: 'Origin',
    });
  });
});
