import { Inject, Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import type { Instrument } from './instrument.js';
import { questionnaireId, questionnaireOf } from './questionnaire.fhir.js';

/** Keeps the Questionnaire resources of the instruments that a clinic uses. */
@Injectable()
export class Questionnaires {
  constructor(@Inject(FhirStore) private readonly store: FhirStore) {}

  /** Writes the instrument's Questionnaire into the clinic's store unless this version stands there already. */
  async ensure(tx: Tx, instrument: Instrument): Promise<void> {
    const id = questionnaireId(instrument);
    if (await this.store.find(tx, 'Questionnaire', id)) return;
    // Two first requests at once must not both write it: the second waits here and then finds it.
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`questionnaire/${tx.scope.clinicId}/${id}`]);
    if (await this.store.find(tx, 'Questionnaire', id)) return;
    await this.store.put(tx, questionnaireOf(instrument));
  }
}
