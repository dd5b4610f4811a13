import { offered } from '../connection/capability.js';
import { foreignIdentifiers, searchOf, type BusinessIdentifier } from '../exchange/outgoing.js';
import { logicalId, objectsAt, textOf, tryFhirJson, type FhirJson } from '../fhir-json.js';
import { findsByIdentifier } from '../forms/forms.js';
import type { EhrFhir } from '../outside/ehr-fhir.js';
import { Halt, needsPerson } from './halt.js';
import type { Link, Parcel } from './parcel.js';
import { judge } from './verdict.js';

/** Identifiers of one resource that are tried, and references of one delivery that are looked for: enough for real records, and bounded. */
const MOST_IDENTIFIERS = 3;
const MOST_SEARCHES = 20;

/** Finds the resources at an EHR that stand for Cairn's: by what was learned before, else by a business identifier. Never by guess. */
export class RemoteResources {
  readonly learned: Link[] = [];
  #searches = 0;

  constructor(
    private readonly fhir: EhrFhir,
    private readonly parcel: Parcel,
  ) {}

  /** `Type/id` at the EHR, or undefined where it is not known there. Throws a {@link Halt} when the EHR fails. */
  async find(local: string): Promise<string | undefined> {
    const [type = ''] = local.split('/');
    const known = [...this.parcel.links, ...this.learned].find((link) => link.resource === local && link.form === type && link.formVersion === 0);
    const link = known ?? (await this.placedByEhr(local, this.parcel.related.get(local)));
    return link && `${type}/${link.remoteId}`;
  }

  /** The patient's resource at the EHR. Throws a {@link Halt} when there is none, or several. */
  async patient(): Promise<string> {
    const found = await this.find(`Patient/${this.parcel.patientId}`);
    if (!found) throw needsPerson('patient-unknown-there');
    return found;
  }

  /** The one resource at the EHR that carries an identifier which an outside system gave to this content. */
  async placedByEhr(local: string, content: FhirJson | undefined): Promise<Link | undefined> {
    const [type = ''] = local.split('/');
    if (!content || !findsByIdentifier(offered(this.parcel.capability, type))) return undefined;
    for (const identifier of foreignIdentifiers(content).slice(0, MOST_IDENTIFIERS)) {
      const matches = await this.#search(type, identifier);
      if (matches.length > 1 && type === 'Patient') throw needsPerson('patient-ambiguous-there');
      const [match] = matches;
      const remoteId = logicalId(match);
      if (matches.length !== 1 || !remoteId) continue;
      const link: Link = { resource: local, form: type, formVersion: 0, remoteId, remoteVersion: null, placedBy: 'ehr', agreedHash: null };
      this.learned.push(link);
      return link;
    }
    return undefined;
  }

  async #search(type: string, identifier: BusinessIdentifier): Promise<FhirJson[]> {
    if (++this.#searches > MOST_SEARCHES) return [];
    const answer = await this.fhir.search(this.parcel.ehr, type, { identifier: searchOf(identifier), _count: '2' });
    const verdict = judge(answer.status, 'search');
    if (verdict.kind === 'taken') return matchesIn(answer.text, type);
    if (verdict.kind === 'postpone' || verdict.kind === 'fail') throw new Halt(verdict, answer);
    if (type === 'Patient' && verdict.problem === 'forbidden-there') throw new Halt(verdict, answer);
    return []; // It may not be searched: then it is not known.
  }
}

/** The resources of the type that a search answered, without what it included besides. */
export const matchesIn = (text: string, type: string): FhirJson[] =>
  objectsAt(tryFhirJson(text)?.['entry']).flatMap((entry) => {
    const mode = objectsAt(entry['search']).map((search) => textOf(search['mode']))[0];
    return mode === undefined || mode === 'match' ? objectsAt(entry['resource']).filter((resource) => resource['resourceType'] === type) : [];
  });
