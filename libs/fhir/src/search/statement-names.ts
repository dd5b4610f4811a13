import { createHash } from 'node:crypto';

/** How many forms of search are kept prepared. Callers choose the form, so there must be an end; the rest are planned each time. */
const MAX_PREPARED = 300;

const names = new Map<string, string>();

/** The name under which a search's SQL is prepared on each connection, as long as there are not too many. */
export function statementName(text: string): string | undefined {
  let name = names.get(text);
  if (name === undefined && names.size < MAX_PREPARED) {
    name = `fhir-search-${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
    names.set(text, name);
  }
  return name;
}
