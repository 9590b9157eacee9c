import type { HttpRoute } from '../../govern/scope/index.ts';
import { FILTER_NAMES } from './event-filter.ts';

/** Events over HTTP. */
export const observerRoutes: readonly HttpRoute[] = [
  { operation: 'observer.event', method: 'POST', path: '/event', body: 'json', successStatus: 201 },
  {
    operation: 'observer.events',
    method: 'GET',
    path: '/events',
    body: 'none',
    query: [...FILTER_NAMES, 'before', 'limit'],
  },
  {
    operation: 'observer.stream',
    method: 'GET',
    path: '/events/stream',
    body: 'none',
    query: [...FILTER_NAMES, 'after', 'limit'],
    headers: { 'last-event-id': 'last_event_id' },
    streams: ['text/event-stream'],
  },
  { operation: 'observer.stats', method: 'GET', path: '/stats', body: 'none' },
];
