import type { References } from '../search-index/references.js';
import { nameOf, type CurrentVersion, type StoredVersion } from '../store/stored-version.js';
import type { PatientRecord, RecordFilter } from './patient-record.js';

/** How many resources are read at a time while a record is gone through. */
const BATCH = 1000;

/** From what a record refers to, how many steps further are gone: a PractitionerRole leads to its Practitioner. */
const STEPS = 2;

/** A literal reference in compact JSON. Within a string its quotes would be escaped. */
const REFERENCE = /"reference":"([^"\\]+)"/g;

/** Gathers what a record refers to beyond itself. */
export class ReferredTo {
  /** Everything that was met, and so is not answered again. */
  readonly #met = new Set<string>();
  readonly #waiting = new Set<string>();

  constructor(
    private readonly record: PatientRecord,
    private readonly references: References,
  ) {}

  /** Takes note of a part of the record. */
  take(versions: readonly StoredVersion[]): void {
    for (const version of versions) this.#met.add(nameOf(version));
    for (const { json } of versions) {
      for (const [, reference = ''] of json.matchAll(REFERENCE)) {
        const local = this.references.local(reference);
        if (local) this.#waiting.add(nameOf(local));
      }
    }
  }

  /** Takes note of the whole compartment, as far as it tells of care in the time that is asked for. */
  async takeCompartment({ care }: RecordFilter): Promise<void> {
    const filter = care ? { care } : {};
    let page = await this.record.compartment(filter, undefined, BATCH);
    this.take(page);
    for (let last = page.at(-1); page.length === BATCH && last; last = page.at(-1)) {
      page = await this.record.compartment(filter, last, BATCH);
      this.take(page);
    }
  }

  /** What was referred to, of what the filter lets through, by name. */
  async resources(filter: RecordFilter): Promise<CurrentVersion[]> {
    const found: CurrentVersion[] = [];
    for (let step = 0; step < STEPS; step++) {
      const names = [...this.#waiting].filter((name) => !this.#met.has(name) && !name.startsWith('Patient/'));
      this.#waiting.clear();
      if (names.length === 0) break;
      // What the filter leaves out may still lead to what it lets through.
      const reached = await this.record.named(names);
      this.take(reached);
      found.push(...reached);
    }
    return found
      .filter(({ type, lastUpdated }) => (filter.types?.includes(type) ?? true) && (filter.since === undefined || lastUpdated >= filter.since))
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }
}
