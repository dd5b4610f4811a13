import { Injectable } from '@nestjs/common';
import type { FhirCommandHandler, FhirWrite } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import { ContactPreferences } from './contact-preferences.service.js';
import { Patients } from './patients.service.js';

/** When a hospital sends a patient, takes over how the patient may be reached from what the patient gave to the hospital. */
@Injectable()
export class ContactDefaults implements FhirCommandHandler {
  readonly name = 'contact-defaults';
  readonly types = ['Patient'] as const;

  constructor(
    private readonly patients: Patients,
    private readonly preferences: ContactPreferences,
  ) {}

  async handle(tx: Tx, writes: readonly FhirWrite[]): Promise<void> {
    for (const { interaction, id } of writes) {
      if (interaction === 'delete') continue;
      const patient = await this.patients.get(tx, id);
      if (patient) await this.preferences.takeFromRecord(tx, patient);
    }
  }
}
