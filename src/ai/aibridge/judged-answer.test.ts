import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seedOfRun } from '../../../test/faults/seeded-random.ts';
import { createAnswerCollector } from './answer-collector.ts';
import type { ChatDelta } from './chat.ts';
import { judgedAnswer } from './judged-answer.ts';
import type { StreamEvent } from './provider.ts';

// K-17: a value that a rule over pieces forbids never leaves in part, wherever the provider divides its answer.

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

/** Its characters stand nowhere else, so that one of them in what was sent is a leak. */
const VALUE = 'QXZQ-7319-QXZQ';
const LEAK = /[QXZ0-9]/;

type Kind = 'text' | 'reasoning' | 'tool_call' | 'other';

function deltaOf(kind: Kind, choice: number, text: string): ChatDelta {
  if (kind === 'tool_call') {
    return { kind, choice, index: 0, id: 'call', name: 'tool', argumentsJson: text };
  }
  return kind === 'reasoning' ? { kind, choice, text, signature: null } : { kind, choice, text };
}

/** One event per delta; its bytes are what it says. */
function eventOf(delta: ChatDelta): StreamEvent {
  const said = delta.kind === 'tool_call' ? delta.argumentsJson : 'text' in delta ? delta.text : '';
  return { bytes: Buffer.from(said), deltas: [delta] };
}

/** What leaves where truth refuses a piece that holds the value; and whether it was refused. */
async function sent(
  events: readonly StreamEvent[],
  extent: 'piece' | 'whole' | 'none' = 'piece',
  forbidden = VALUE,
) {
  const collector = createAnswerCollector();
  async function* provider() {
    yield* events;
  }
  const chunks = judgedAnswer(provider(), {
    extent,
    collector,
    openFrom: () => 0,
    write: (event) => event.bytes,
    end: () => new Uint8Array(0),
    pieceContext: (said) => ({ said }),
    wholeContext: () => ({ said: collector.said() }),
  });
  const left: Uint8Array[] = [];
  for await (const { bytes, judge } of chunks) {
    if (String(judge?.context.said).includes(forbidden))
      return { text: Buffer.concat(left).toString(), blocked: true };
    left.push(bytes);
  }
  return { text: Buffer.concat(left).toString(), blocked: false };
}

/** A text cut at the given places, as deltas of one thread. */
function divided(text: string, cuts: readonly number[]): readonly string[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, at) => text.slice(places[at], end));
}

const filler = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '\n', 'é', '人'), maxLength: 400 });
const cuts = fc.array(fc.nat(2_000), { maxLength: 60 });
const kind = fc.constantFrom<Kind>('text', 'reasoning', 'tool_call', 'other');

test.each(Array.from({ length: VALUE.length - 1 }, (_, at) => at + 1))(
  'no character leaves of a value in two deltas, divided after %i',
  async (at) => {
    const before = 'before '.repeat(60);
    const pieces = [before, VALUE.slice(0, at), VALUE.slice(at), ' after'.repeat(60)];
    const { text, blocked } = await sent(pieces.map((piece) => eventOf(deltaOf('text', 0, piece))));
    expect(blocked).toBe(true);
    expect(text).not.toMatch(LEAK);
  },
);

test('no character leaves of a value in any number of deltas, in any kind of thread', async () => {
  await fc.assert(
    fc.asyncProperty(filler, filler, cuts, kind, async (before, after, places, said) => {
      const pieces = divided(before + VALUE + after, places);
      const { text, blocked } = await sent(pieces.map((piece) => eventOf(deltaOf(said, 0, piece))));
      expect(blocked).toBe(true);
      expect(text).not.toMatch(LEAK);
    }),
    { seed: SEED, numRuns: 400 },
  );
});

test('no character leaves of a value of 128 signs, each written in an escape of JSON thrice nested', async () => {
  const value = 'Q'.repeat(128).replaceAll('Q', '\\\\\\\\u0051');
  const [before, after] = ['before '.repeat(300), ' after'.repeat(300)];
  const pieces = [before, ...(value.match(/.{7}|.+$/g) ?? []), after];
  const { text, blocked } = await sent(
    pieces.map((piece) => eventOf(deltaOf('text', 0, piece))),
    'piece',
    value,
  );
  expect(blocked).toBe(true);
  expect(text).not.toMatch(LEAK);
});

test('no character leaves of a value whose answer is streamed side by side with others', async () => {
  const long = fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength: 150, maxLength: 300 });
  const aside = fc.tuple(fc.integer({ min: 1, max: 3 }), filler);
  await fc.assert(
    fc.asyncProperty(
      long,
      long,
      fc.array(fc.nat(VALUE.length), { minLength: 1, maxLength: 6 }),
      fc.array(aside, { minLength: 1, maxLength: 20 }),
      async (before, after, places, asides) => {
        const own = [before, ...divided(VALUE, places), ...divided(after, [50, 100, 150])];
        const mixed = own.flatMap((piece, index) => {
          const [choice, text] = asides[index % asides.length] ?? [1, ''];
          return [deltaOf('text', 0, piece), deltaOf('text', choice, text)];
        });
        const { text, blocked } = await sent(mixed.map(eventOf));
        expect(blocked).toBe(true);
        expect(text).not.toMatch(LEAK);
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

test('an answer without the value leaves byte for byte, in order, whatever the extent', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(kind, fc.nat(2), filler), { maxLength: 60 }),
      fc.constantFrom('piece', 'whole', 'none'),
      async (said, extent) => {
        const events = said.map(([one, choice, text]) => eventOf(deltaOf(one, choice, text)));
        const { text, blocked } = await sent(events, extent);
        expect(blocked).toBe(false);
        expect(text).toBe(Buffer.concat(events.map(({ bytes }) => bytes)).toString());
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

test('pieces leave while the answer is still coming', async () => {
  const collector = createAnswerCollector();
  let pulled = 0;
  async function* provider() {
    for (; pulled < 100; pulled++) yield eventOf(deltaOf('text', 0, 'ten chars '));
  }
  const chunks = judgedAnswer(provider(), {
    extent: 'piece',
    collector,
    openFrom: () => 0,
    write: (event) => event.bytes,
    end: () => new Uint8Array(0),
    pieceContext: (said) => ({ said }),
    wholeContext: () => ({}),
  });
  await chunks.next();
  expect(pulled).toBeLessThan(20);
  await chunks.return(undefined);
});
