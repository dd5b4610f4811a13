import type { Fault } from './fault.js';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The way from a Composition to what a document must bring along (R4 documents.html#content). Sections nest. */
const OF_DOCUMENT = ['subject', 'encounter', 'author', 'attester.party', 'custodian', 'event.detail'];
const OF_SECTION = ['author', 'focus', 'entry'];

const RESTFUL = /^(https?:\/\/.+)\/([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/;

/**
 * What R4 asks of a Bundle in words, beyond its invariants: each `fullUrl` is absolute and agrees with the resource (bundle.html#Bundle), what was
 * found has an id (resource.html#id), and a document holds, exactly once, what its Composition refers to (documents.html#content), by the rules for
 * references in Bundles (bundle.html#references).
 */
export function bundleFaults(bundle: Fields): Fault[] {
  const entries = list(bundle['entry']).filter(isFields);
  const faults = entries.flatMap((entry, index) => entryFaults(entry, `Bundle.entry[${index}]`, bundle['type'] === 'searchset'));
  const [first] = entries;
  const composition = first?.['resource'];
  if (bundle['type'] !== 'document' || !isFields(composition) || composition['resourceType'] !== 'Composition') return faults;
  const document = new DocumentCheck(entries, text(first?.['fullUrl']) ?? '');
  document.composition(composition, 'Bundle.entry[0].resource');
  return [...faults, ...document.faults];
}

function entryFaults({ fullUrl, resource }: Fields, path: string, found: boolean): Fault[] {
  const address = text(fullUrl);
  if (address !== undefined && !/^[a-z][a-z0-9+.-]*:/i.test(address)) {
    return [{ path: `${path}.fullUrl`, message: 'A fullUrl must be absolute, such as https://… or urn:uuid:….', type: 'value' }];
  }
  if (!isFields(resource)) return [];
  const { id, resourceType } = resource;
  if (id === undefined) {
    // Only what is sent to be created has no id, and what is said about the search itself.
    return found && resourceType !== 'OperationOutcome' ? [{ path: `${path}.resource`, message: 'What a search found has an id.', type: 'invariant' }] : [];
  }
  const [, , namedType, namedId] = RESTFUL.exec(address ?? '') ?? [];
  if (namedId === undefined || (namedType === resourceType && namedId === id)) return [];
  return [{ path: `${path}.fullUrl`, message: 'The fullUrl must not disagree with the type and the id of the resource.', type: 'invariant' }];
}

class DocumentCheck {
  readonly faults: Fault[] = [];
  readonly #base: string | undefined;

  constructor(
    private readonly entries: readonly Fields[],
    fullUrl: string,
  ) {
    this.#base = RESTFUL.exec(fullUrl)?.[1];
  }

  composition(composition: Fields, path: string): void {
    for (const way of OF_DOCUMENT) this.#follow(composition, way.split('.'), path);
    this.#sections(composition, path);
  }

  #sections(holder: Fields, path: string): void {
    list(holder['section']).forEach((section, index) => {
      if (!isFields(section)) return;
      const at = `${path}.section[${index}]`;
      for (const way of OF_SECTION) this.#follow(section, [way], at);
      this.#sections(section, at);
    });
  }

  #follow(value: Fields, [step = '', ...rest]: readonly string[], path: string): void {
    const next = value[step];
    list(next).forEach((each, index) => {
      if (!isFields(each)) return;
      const at = `${path}.${step}${Array.isArray(next) ? `[${index}]` : ''}`;
      if (rest.length > 0) this.#follow(each, rest, at);
      else this.#reference(text(each['reference']), at);
    });
  }

  #reference(reference: string | undefined, path: string): void {
    if (reference === undefined || reference.startsWith('#')) return;
    const [address = '', version] = reference.split('/_history/');
    const absolute = /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : this.#base && `${this.#base}/${address}`;
    const met = this.entries.filter(({ fullUrl, resource }) => {
      const meta = isFields(resource) ? resource['meta'] : undefined;
      return fullUrl === absolute && (version === undefined || (isFields(meta) && meta['versionId'] === version));
    });
    if (met.length === 1) return;
    const message = met.length === 0 ? 'The document must hold what this refers to, in an entry with that fullUrl.' : 'This leads to more than one entry of the document.';
    this.faults.push({ path, message, type: 'invariant' });
  }
}
