import { Injectable } from '@nestjs/common';
import { Patients, clinicContact } from '@cairn/people';
import { Clinics, type Tx } from '@cairn/platform';
import type { AgendaItem } from './agenda-item.entity.js';
import { quorumOfThose } from './conference-facts.js';
import type { Opened } from './conference-ledger.service.js';
import { quorumRule } from './conference.settings.js';
import { minutesPage } from './minutes.page.js';

/** Writes the minutes of one patient out, from what was recorded. */
@Injectable()
export class MinutesRendering {
  constructor(
    private readonly patients: Patients,
    private readonly clinics: Clinics,
  ) {}

  /** The page: a draft, or what is signed when a signer is named. */
  async render(tx: Tx, { conference }: Opened, item: AgendaItem, signed?: { readonly name: string; readonly at: Date }): Promise<string> {
    const clinic = await this.clinics.get(tx.scope.clinicId);
    const patient = await this.patients.require(tx, item.patientId);
    return minutesPage({
      clinic: clinicContact(clinic)?.neutralName ?? clinic.name,
      title: conference.title,
      heldAt: await this.when(tx, conference.openedAt ?? conference.startsAt),
      attendance: conference.attendance,
      quorum: quorumOfThose(quorumRule(clinic), conference.attendance),
      patient: { name: [patient.givenName, patient.familyName].filter(Boolean).join(' ') || 'name not recorded', birthDate: patient.birthDate ?? 'date not recorded' },
      question: item.question,
      source: item.source,
      presenter: item.presenter ?? null,
      urgentReason: item.urgentReason ?? null,
      outcome: item.outcome ?? null,
      decision: item.decision ?? null,
      ...(signed ? { signed: { name: signed.name, at: await this.when(tx, signed.at) } } : {}),
    });
  }

  /** An instant in words, by the clinic's clock. */
  async when(tx: Tx, instant: Date): Promise<string> {
    const { zone } = await this.clinics.get(tx.scope.clinicId);
    return new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'long', timeZone: zone }).format(instant);
  }
}
