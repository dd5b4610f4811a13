import { noticesFor } from '@cairn/platform';
import { offered } from '../connection/capability.js';
import { contains, contentOf, digest, elementsOf } from '../exchange/canonical.js';
import { labelsOf } from '../exchange/exchange.rules.js';
import { CAIRN_RESOURCE, changedInPlace, findableBy, localReferencesIn, outgoing, searchOf, type BusinessIdentifier } from '../exchange/outgoing.js';
import { logicalId, objectsAt, textOf, tryFhirJson, writeFhirJson, type FhirJson } from '../fhir-json.js';
import { agreedElements, chooseForm, inPlaceElements, type Form } from '../forms/forms.js';
import { asCommunication, asDocument, type Telling } from '../forms/poorer-forms.js';
import type { EhrFhir, FhirAnswer } from '../outside/ehr-fhir.js';
import { Halt, goOn, needsPerson } from './halt.js';
import type { Link, Outcome, Parcel } from './parcel.js';
import { RemoteResources, matchesIn } from './remote-resources.js';
import { judgeFailure } from './verdict.js';

/** Fresh looks at a resource that keeps changing under Cairn's hand, before a person is asked. */
const MOST_LOOKS = 3;

/**
 * One try to tell an EHR of one version of a resource: finds the patient and what else it refers to, chooses the richest form, and creates
 * or changes it there so that a try whose answer got lost is found again and nothing of the EHR's is overwritten unseen.
 */
export class Errand {
  readonly #remote: RemoteResources;

  constructor(
    private readonly fhir: EhrFhir,
    private readonly parcel: Parcel,
  ) {
    this.#remote = new RemoteResources(fhir, parcel);
  }

  /** What became of the try. Never throws on what the EHR does; what it throws is Cairn's own error. */
  async run(): Promise<Outcome> {
    try {
      return await this.#tell();
    } catch (error) {
      const halt = error instanceof Halt ? error : new Halt(judgeFailure(error));
      if (halt.verdict.problem === 'internal') throw error;
      return this.#failed(halt);
    }
  }

  async #tell(): Promise<Outcome> {
    const { type, capability, withheld } = this.parcel;
    if (withheld) return { event: 'find-no-form', problem: 'withheld', links: [] };
    await this.#remote.patient();
    const theirs = await this.#placedByEhr();
    const linkOf = (form: Form): Link | undefined => (theirs && form.type === type && form.each === 'resource' ? theirs : this.#linkOf(form));
    const form = chooseForm(type, capability, { has: (candidate) => linkOf(candidate) !== undefined });
    if (!form) return { event: 'find-no-form', problem: 'no-form', ehr: 'answered', links: this.#remote.learned };
    const body = await this.#compose(form);
    const link = linkOf(form);
    if (!link) return this.#create(form, body);
    return this.#change(form, link, body, link.placedBy === 'ehr' ? inPlaceElements(type) : undefined);
  }

  /** The resource that the EHR placed, where Cairn may change such in place. */
  async #placedByEhr(): Promise<Link | undefined> {
    const { type, content } = this.parcel;
    if (!inPlaceElements(type)) return undefined;
    const known = this.#linkOf({ type, each: 'resource' });
    if (known) return known.placedBy === 'ehr' ? known : undefined;
    return this.#remote.placedByEhr(this.#local, content);
  }

  async #compose(form: Form): Promise<FhirJson> {
    const { type, content, related, ownBase, version, id } = this.parcel;
    const lookup = (reference: string): FhirJson | undefined => related.get(reference);
    const telling: Telling = { recordedAt: this.parcel.recordedAt, clinic: this.parcel.clinic, lookup, replaces: this.#earlierDocument(form) };
    const resource = form.type === type ? content : form.type === 'Communication' ? asCommunication(type, content, telling) : asDocument(type, content, telling);
    const remoteIds = new Map<string, string | undefined>();
    for (const local of localReferencesIn(resource, ownBase)) remoteIds.set(local, await this.#remote.find(local));
    return outgoing(resource, {
      remote: (local) => remoteIds.get(local),
      identifier: this.#identifier(form),
      source: `${ownBase}/${type}/${id}/_history/${version}`,
      ownBase,
    });
  }

  async #create(form: Form, body: FhirJson): Promise<Outcome> {
    const { ehr, capability } = this.parcel;
    const can = offered(capability, form.type);
    const identity = findableBy(body, this.#identifier(form));
    const earlier = can.conditionalCreate ? undefined : await this.#find(form, identity);
    if (earlier) return this.#foundEarlier(form, earlier, body);
    const query = new URLSearchParams({ identifier: searchOf(identity) }).toString();
    const { answer } = goOn(await this.fhir.create(ehr, form.type, writeFhirJson(body), query, this.#notices), form.type, 'create');
    const there = resourceIn(answer, form.type);
    const remoteId = answer.createdId ?? logicalId(there) ?? (await this.#find(form, identity));
    if (!remoteId) throw needsPerson('not-http', answer);
    return answer.status === 200 ? this.#foundEarlier(form, remoteId, body) : this.#done(form, this.#newLink(form, remoteId), answer);
  }

  /** An earlier try had arrived, though its answer got lost. Where the resource is changed over time, what is there may be an older version. */
  async #foundEarlier(form: Form, remoteId: string, body: FhirJson): Promise<Outcome> {
    const link = this.#newLink(form, remoteId);
    const mayBeOlder = form.each === 'resource' && offered(this.parcel.capability, form.type).update;
    return mayBeOlder ? this.#change(form, link, body, undefined) : this.#done(form, link, undefined);
  }

  /** @param inPlace the elements that may be changed in a resource of the EHR's own; undefined for one that Cairn made there */
  async #change(form: Form, link: Link, body: FhirJson, inPlace: readonly string[] | undefined): Promise<Outcome> {
    const { ehr, capability } = this.parcel;
    const { versioned } = offered(capability, form.type);
    const update = async (resource: FhirJson, version: string | undefined): Promise<Outcome | undefined> => {
      const text = writeFhirJson({ ...resource, id: link.remoteId });
      const { answer, stale } = goOn(await this.fhir.update(ehr, form.type, link.remoteId, text, versioned ? version : undefined, this.#notices), form.type, 'update');
      return stale ? undefined : this.#done(form, link, answer);
    };
    if (!inPlace && versioned && link.remoteVersion) {
      const done = await update(body, link.remoteVersion);
      if (done) return done;
    }
    for (let look = 0; look < MOST_LOOKS; look++) {
      const { answer } = goOn(await this.fhir.read(ehr, form.type, link.remoteId), form.type, 'read');
      const current = resourceIn(answer, form.type);
      if (!current) throw needsPerson('not-http', answer);
      const wanted = inPlace ? elementsOf(body, inPlace) : contentOf(body);
      if (contains(current, wanted)) return this.#done(form, link, answer);
      if (this.#isForeign(link, current)) throw needsPerson('foreign-change', answer);
      const done = await update(inPlace ? changedInPlace(current, body, inPlace) : body, answer.version ?? versionOf(current));
      if (done) return done;
    }
    throw new Halt({ kind: 'fail', problem: 'changed-meanwhile', ehrAtFault: false });
  }

  /** Whether the EHR's content is neither what both sides last agreed upon nor what the EHR itself told Cairn since. */
  #isForeign(link: Link, current: FhirJson): boolean {
    const { lastTold } = this.parcel;
    const believed = [link.agreedHash, link.placedBy === 'ehr' && lastTold ? digest(this.#agreed(link, lastTold)) : null].filter((hash) => hash !== null);
    return believed.length > 0 && !believed.includes(digest(this.#agreed(link, current)));
  }

  #agreed(link: Link, resource: FhirJson): FhirJson {
    return link.placedBy === 'ehr' ? elementsOf(resource, agreedElements(this.parcel.type)) : contentOf(resource);
  }

  async #done(form: Form, link: Link, answer: FhirAnswer | undefined): Promise<Outcome> {
    const { ehr, type } = this.parcel;
    const seen = (answer && resourceIn(answer, form.type)) ?? resourceIn(await this.fhir.read(ehr, form.type, link.remoteId), form.type);
    const kept: Link = {
      ...link,
      remoteVersion: answer?.version ?? (seen && versionOf(seen)) ?? null,
      agreedHash: seen ? digest(this.#agreed(link, seen)) : null,
    };
    return {
      event: form.type === type && form.each === 'resource' ? 'deliver' : 'deliver-otherwise',
      ehr: 'answered',
      form: form.type,
      remote: `${form.type}/${link.remoteId}`,
      links: [...this.#remote.learned.filter(({ resource }) => resource !== link.resource), kept],
      ...(answer && { httpStatus: answer.status }),
    };
  }

  async #find(form: Form, identity: BusinessIdentifier): Promise<string | undefined> {
    const { answer } = goOn(await this.fhir.search(this.parcel.ehr, form.type, { identifier: searchOf(identity), _count: '2' }), form.type, 'search');
    const matches = matchesIn(answer.text, form.type);
    if (matches.length > 1) throw needsPerson('several-there', answer);
    return logicalId(matches[0]);
  }

  #failed({ verdict, answer, refused }: Halt): Outcome {
    const event = verdict.kind === 'form-refused' || verdict.kind === 'stale' ? 'fail' : verdict.kind;
    return {
      event,
      problem: verdict.problem,
      links: this.#remote.learned,
      ehr: verdict.ehrAtFault ? 'at-fault' : 'answered',
      ...(answer && { httpStatus: answer.status }),
      ...(answer?.retryAfter !== undefined && { retryAfter: answer.retryAfter }),
      ...(refused && { refused }),
    };
  }

  #linkOf(form: Form): Link | undefined {
    return this.parcel.links.find((link) => link.resource === this.#local && link.form === form.type && link.formVersion === this.#formVersion(form));
  }

  #newLink(form: Form, remoteId: string): Link {
    return { resource: this.#local, form: form.type, formVersion: this.#formVersion(form), remoteId, remoteVersion: null, placedBy: 'cairn', agreedHash: null };
  }

  /** Absolute address of the newest document that told of an earlier version. */
  #earlierDocument({ type, each }: Form): string | undefined {
    if (type !== 'DocumentReference' || each !== 'version') return undefined;
    const earlier = this.parcel.links
      .filter((link) => link.resource === this.#local && link.form === type && link.formVersion < this.parcel.version)
      .sort((a, b) => b.formVersion - a.formVersion)[0];
    return earlier && `${this.parcel.ehr.baseUrl}/${type}/${earlier.remoteId}`;
  }

  #formVersion({ each }: Form): number {
    return each === 'version' ? this.parcel.version : 0;
  }

  #identifier({ each }: Form): BusinessIdentifier {
    return { system: CAIRN_RESOURCE, value: each === 'version' ? `${this.#local}/_history/${this.parcel.version}` : this.#local };
  }

  get #notices(): string[] {
    return noticesFor(labelsOf(this.parcel.content));
  }

  get #local(): string {
    return `${this.parcel.type}/${this.parcel.id}`;
  }
}

/** The resource of this type in an answer's body; undefined where it has none, as after `Prefer: return=minimal`. */
function resourceIn({ status, text }: FhirAnswer, type: string): FhirJson | undefined {
  const resource = status < 300 ? tryFhirJson(text) : undefined;
  return resource?.['resourceType'] === type ? resource : undefined;
}

const versionOf = (resource: FhirJson): string | undefined => objectsAt(resource['meta']).map((meta) => textOf(meta['versionId']))[0];
