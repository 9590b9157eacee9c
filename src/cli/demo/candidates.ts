import { createDraw, date, pad } from './draw.ts';

/** The invented staffing company's candidates: the same rows on every machine, streamed, none of them a real person. */
export interface CandidateFile {
  /** CSV with a header, in chunks of about 256 KiB. */
  readonly chunks: AsyncGenerator<Uint8Array>;
  /** Rows written so far. */
  rowsDone(): number;
}

const CHUNK_BYTES = 262_144;
const HEADER =
  'id,full_name,email,phone,born,region,city,skill,years_experience,salary,available_from,last_contacted\n';

export const REGIONS = ['EMEA', 'AMER', 'APAC', 'LATAM'] as const;

export const CITIES: Readonly<Record<(typeof REGIONS)[number], readonly string[]>> = {
  EMEA: ['Berlin', 'Lisbon', 'Nairobi', 'Gdansk', 'Lyon'],
  AMER: ['Toronto', 'Austin', 'Chicago', 'Denver', 'Halifax'],
  APAC: ['Osaka', 'Perth', 'Pune', 'Hanoi', 'Busan'],
  LATAM: ['Bogota', 'Lima', 'Recife', 'Rosario', 'Merida'],
};

const GIVEN_NAMES =
  'Mara Jonas Aiko Tomas Leila Pedro Ingrid Samuel Priya Mateo Chloe Viktor Amara Noah Yuki Elena Omar Greta Diego Hana Felix Nadia Oscar Lucia Ravi Sofia Anton Zara Emil Ines'.split(
    ' ',
  );
const FAMILY_NAMES =
  'Lindqvist Okafor Tanaka Moreau Silva Novak Haddad Keller Sharma Castro Nguyen Brandt Eriksen Costa Adeyemi Rossi Park Varga Dubois Mendes Iyer Holm Santos Weber Kovacs Aydin Larsen Romero Fischer Duarte'.split(
    ' ',
  );
export const SKILLS =
  'Welding,Nursing,Accounting,Forklift,Java,Payroll,Carpentry,Data analysis,Plumbing,Translation,Warehouse,Project management'.split(
    ',',
  );

/** Candidates 1 … `rows`. */
export function candidateFile(rows: number): CandidateFile {
  let rowsDone = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let text = HEADER;
    for (let id = 1; id <= rows; id++) {
      text += candidateLine(id);
      rowsDone = id;
      if (text.length >= CHUNK_BYTES) {
        yield Buffer.from(text);
        text = '';
      }
    }
    if (text !== '') yield Buffer.from(text);
  }
  return { chunks: chunks(), rowsDone: () => rowsDone };
}

function candidateLine(id: number): string {
  const draw = createDraw(id);
  const given = draw.of(GIVEN_NAMES);
  const family = draw.of(FAMILY_NAMES);
  // The first is of the region the demo's recruiter works in, so that every caller sees the same person.
  const region = id === 1 ? 'EMEA' : draw.of(REGIONS);
  // Short, so that four callers' views of it fit side by side.
  const email = `${given[0]}${family[0]}${id}@example.${draw.of(['com', 'org', 'net'])}`.toLowerCase();
  const phone = `+1-555-${pad(draw.below(1000), 3)}-${pad(draw.below(10_000), 4)}`;
  const years = draw.below(35);
  const birth = date(1962 + draw.below(41), draw);
  const salary = 28_000 + draw.below(900) * 100;
  return `${id},${given} ${family},${email},${phone},${birth},${region},${draw.of(CITIES[region])},${draw.of(SKILLS)},${years},${salary},${date(2027, draw)},${date(2026, draw)}\n`;
}
