import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, Clinics, type Config, type Tx } from '@cairn/platform';
import { FhirStore, isDisclosable, readExchanged } from '@cairn/fhir';
import { labelsOf } from '../exchange/exchange.rules.js';
import { localReferencesIn } from '../exchange/outgoing.js';
import { readFhirJson } from '../fhir-json.js';
import { linksOf } from '../links/resource-links.js';
import type { EhrAddress } from '../outside/ehr-address.js';
import type { EhrDelivery } from './delivery.entity.js';
import type { Parcel } from './parcel.js';

/** Versions looked back to find what the EHR itself wrote last. */
const LOOK_BACK = 50;

/** A parcel before it is known what the EHR can do. */
export type UnweighedParcel = Omit<Parcel, 'capability'>;

/** Gathers from the store what a delivery needs, so that the call itself touches no database. */
@Injectable()
export class DeliverySource {
  readonly #ownBase: string;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly clinics: Clinics,
    private readonly store: FhirStore,
  ) {
    this.#ownBase = `${config.PUBLIC_URL}/fhir`;
  }

  /** The parcel, or undefined when the version is no longer there. */
  async gather(tx: Tx, delivery: EhrDelivery, ehr: EhrAddress): Promise<UnweighedParcel | undefined> {
    const { resourceType: type, resourceId: id, resourceVersion: version, patientId } = delivery;
    const [present, ...before] = await readExchanged(tx, type, id, { above: 0, upTo: version, count: LOOK_BACK });
    if (present?.version !== version) return undefined;
    const content = readFhirJson(present.json);
    const told = before.find(({ writtenOutside }) => writtenOutside);
    const references = [...new Set([`Patient/${patientId}`, ...localReferencesIn(content, this.#ownBase)])];
    const related = await this.store.readAll(tx, references);
    const [current] = (await this.store.readAll(tx, [`${type}/${id}`])).values();
    return {
      type,
      id,
      version,
      patientId,
      ehr,
      content,
      // What is asked about is the resource as it is now, so a label that only this version has keeps it in, whatever a Consent says.
      withheld: !(await isDisclosable(tx, ehr.connectionId, type, id)) || (labelsOf(content) & ~(current ? labelsOf(readFhirJson(JSON.stringify(current))) : 0)) !== 0,
      recordedAt: present.lastUpdated.toISOString(),
      lastTold: told && readFhirJson(told.json),
      related: new Map([...related].map(([reference, resource]) => [reference, readFhirJson(JSON.stringify(resource))])),
      links: await linksOf(tx, ehr.connectionId, [`${type}/${id}`, ...references]),
      ownBase: this.#ownBase,
      clinic: (await this.clinics.get(tx.scope.clinicId)).name,
    };
  }
}
