import { Inject, Injectable } from '@nestjs/common';
import type { Bundle, ExtractResource, Resource, ResourceType } from '@medplum/fhirtypes';
import { notFound } from '@cairn/kernel';
import { FhirStore, type SearchParameters } from '@cairn/fhir';
import { Trends } from '@cairn/outcomes';
import { Patients } from '@cairn/people';
import { CONFIG, audit, type Config, type Tx } from '@cairn/platform';
import { casePack, lineOf, type PackLine, type PackSection } from './case-pack.fhir.js';
import type { ConferenceView, ItemView } from './conference.fhir.js';
import rules from './conference-rules.json' with { type: 'json' };

const MOST = rules.casePackEntriesPerSection.value;

/** Instruments whose trends a team wants to see. */
const MEASURED = ['peg', 'phq-9', 'nrs-pain'];

interface Question {
  readonly code: string;
  readonly title: string;
  readonly type: ResourceType;
  readonly parameters: SearchParameters;
}

const questionsOf: readonly Question[] = [
  { code: 'problems', title: 'Problems', type: 'Condition', parameters: { 'clinical-status': 'active,recurrence,relapse', _sort: '-recorded-date' } },
  { code: 'medicines', title: 'Medicines', type: 'MedicationRequest', parameters: { status: 'active', _sort: '-authoredon' } },
  { code: 'allergies', title: 'Allergies', type: 'AllergyIntolerance', parameters: {} },
  { code: 'procedures', title: 'Procedures', type: 'Procedure', parameters: { _sort: '-date' } },
  { code: 'imaging', title: 'Imaging', type: 'ImagingStudy', parameters: { _sort: '-started' } },
  { code: 'goals', title: 'Goals and what matters to the patient', type: 'Goal', parameters: { _sort: '-start-date' } },
  { code: 'open-actions', title: 'Open actions', type: 'Task', parameters: { status: 'requested,received,accepted,ready,in-progress,on-hold' } },
];

const isSensitive = ({ meta }: Resource): boolean =>
  (meta?.security ?? []).some(({ system, code }) => rules.withheld.value.some((group) => group.system === system && group.codes.includes(code ?? '')));

/** Assembles what the team should have read before it meets. */
@Injectable()
export class CasePacks {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly patients: Patients,
    private readonly trends: Trends,
  ) {}

  /**
   * Assembles the pack of one item from the FHIR store and keeps it as a document Bundle with the item's id. Labelled as sensitive means left
   * out, and the pack says how many were. Medicines stand as prescribed; opioid doses are added up where a plan is made.
   */
  async assemble(tx: Tx, conference: ConferenceView, item: ItemView): Promise<void> {
    const patient = await this.store.read(tx, 'Patient', item.patientId);
    const author = await this.store.readAll(tx, [conference.clinic.reference]);
    const sections: PackSection[] = [await this.#question(tx, item)];
    for (const question of questionsOf.slice(0, 5)) sections.push(await this.#ask(tx, item, question));
    sections.push(await this.#outcomes(tx, item));
    for (const question of questionsOf.slice(5)) sections.push(await this.#ask(tx, item, question));
    sections.push(await this.#access(tx, item));
    const bundle = casePack({
      id: item.id,
      item,
      title: `Case pack: ${conference.title}`,
      patient,
      sections,
      clinic: conference.clinic,
      author: [...author.values()],
      assembledAt: tx.clock.now(),
      base: this.config.PUBLIC_URL,
    });
    await this.store.put(tx, bundle);
    await audit(tx, { action: 'create', what: 'conference.case-pack', entities: [`Bundle/${item.id}`], patients: [item.patientId] });
  }

  /** The pack of an item. Refuses with `not-found` before the lock. */
  async read(tx: Tx, item: Pick<ItemView, 'id' | 'patientId'>): Promise<Bundle> {
    const bundle = await this.store.find(tx, 'Bundle', item.id);
    if (!bundle) throw notFound('The case pack: it is assembled when the agenda is locked, and so');
    await audit(tx, { action: 'read', what: 'conference.case-pack', entities: [`Bundle/${item.id}`], patients: [item.patientId] });
    return bundle;
  }

  async #question(tx: Tx, item: ItemView): Promise<PackSection> {
    const request = item.serviceRequestId ? await this.store.find(tx, 'ServiceRequest', item.serviceRequestId) : undefined;
    const lines: PackLine[] = [{ text: item.question }, ...(request ? [{ text: lineOf(request), resource: request }] : [])];
    return { code: 'question', title: 'Question and referral', lines, more: 0, withheld: 0 };
  }

  async #ask(tx: Tx, item: ItemView, { code, title, type, parameters }: Question): Promise<PackSection> {
    const about = { patient: `Patient/${item.patientId}`, ...parameters };
    const found: ExtractResource<ResourceType>[] = await this.store.search(tx, type, { ...about, _count: String(MOST) });
    const total = found.length < MOST ? found.length : await this.store.count(tx, type, { ...about, _sort: undefined });
    const shown = found.filter((resource) => !isSensitive(resource) && resource.id !== item.id);
    const withheld = found.filter(isSensitive).length;
    return { code, title, lines: shown.map((resource) => ({ text: lineOf(resource), resource })), more: total - found.length, withheld };
  }

  async #outcomes(tx: Tx, item: ItemView): Promise<PackSection> {
    const lines: PackLine[] = [];
    for (const instrument of MEASURED) {
      const { points } = await this.trends.of(tx, item.patientId, instrument);
      for (const { score, answeredAt, change } of points.slice(-5)) {
        const against = change ? `${change.trend} against the baseline (${change.points} points)` : 'baseline';
        lines.push({ text: `${instrument.toUpperCase()} ${score}, ${answeredAt.toISOString().slice(0, 10)}: ${against}` });
      }
    }
    return { code: 'outcomes', title: 'Outcomes', lines, more: 0, withheld: 0 };
  }

  async #access(tx: Tx, item: ItemView): Promise<PackSection> {
    const { language, accessNeeds } = await this.patients.require(tx, item.patientId);
    const lines = [...(language ? [{ text: `Language: ${language}` }] : []), ...accessNeeds.map(({ display }) => ({ text: display }))];
    return { code: 'access-needs', title: 'Access needs', lines, more: 0, withheld: 0 };
  }
}
