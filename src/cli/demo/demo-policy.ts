/** A policy as `GET /access/policies` answers it and `PUT` takes it. */
interface Policy {
  readonly version: number;
  readonly roles: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly masks: readonly unknown[];
  readonly row_filters: readonly unknown[];
}

/** What the demo adds to the shipped policy: who may read what, and that a recruiter sees their own region. */
export const DEMO_POLICY_LINES = [
  '[roles.analyst]    grants = candidates, jobs, placements, flights*, movies, zipcodes, birdstrikes: read',
  '[roles.recruiter]  grants = candidates, jobs, placements, zipcodes: read',
  '[roles.agent]      grants = candidates, jobs, placements: read',
  '[[row_filters]]    dataset = "candidates", roles = ["recruiter"], where = "region = identity.region"',
] as const;

const AGENCY = ['candidates', 'jobs', 'placements'] as const;

export function demoPolicy(shipped: Policy): Policy {
  const read = (...names: readonly string[]) => names.map((dataset) => ({ dataset, actions: ['read'] }));
  const grants = {
    analyst: read(...AGENCY, 'flights*', 'movies', 'zipcodes', 'birdstrikes'),
    recruiter: read(...AGENCY, 'zipcodes'),
    agent: read(...AGENCY),
  };
  const granted = Object.entries(grants).map(([role, list]) => [
    role,
    { ...shipped.roles[role], grants: list },
  ]);
  return {
    ...shipped,
    roles: { ...shipped.roles, ...Object.fromEntries(granted) },
    row_filters: [
      ...shipped.row_filters,
      { dataset: 'candidates', roles: ['recruiter'], where: 'region = identity.region' },
    ],
  };
}
