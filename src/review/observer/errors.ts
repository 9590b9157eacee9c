import { declareErrors } from '../../base/index.ts';

export const observerErrors = declareErrors('observer', {
  reserved_source: {
    kind: 'forbidden',
    title: 'The source is this server’s own',
    remedy: 'Name another source; events of source "observer" are made by the escalation rules alone.',
  },
  unknown_cursor: {
    kind: 'invalid',
    title: 'The cursor names no place in the events',
    remedy: 'Use the `next` of a page, or the id of an event of the stream, as it was given.',
  },
  too_many_streams: {
    kind: 'rate_limited',
    title: 'Too many live streams of events',
    remedy: 'Close a stream that is not read any more, or ask GET /events instead.',
    retryable: true,
  },
  escalations_invalid: {
    kind: 'invalid',
    title: 'Escalation rules are not valid',
    remedy: 'Mend the named key at the named line of the file that observer.escalations_file names.',
  },
  escalations_unreadable: {
    kind: 'unavailable',
    title: 'Escalation rules cannot be read',
    remedy: 'Put the file where observer.escalations_file names it.',
  },
});
