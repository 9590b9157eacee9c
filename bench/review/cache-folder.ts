import { fileURLToPath } from 'node:url';

/** Not in the repository: packages as their registries hold them, and copies that are broken on purpose. */
export const CACHE = fileURLToPath(new URL('../../.cache/bench-review', import.meta.url));
