import { Injectable } from '@nestjs/common';
import { clinicContact } from '@cairn/people';
import { Clinics, type Tx } from '@cairn/platform';
import { crisisHelp, safetyRota } from './outcomes.settings.js';
import { coverAt } from './safety-rota.js';

/** Whether somebody reads safety findings at this moment, as a sender must know it. */
export interface CoverNow {
  readonly covered: boolean;
  /** When somebody will read again; null while somebody does, and where nobody knows. */
  readonly nextAt: Date | null;
  /** Whom to call while nobody reads, in words. Empty while somebody does. */
  readonly call: readonly string[];
}

/** Tells whether the rota is manned. */
@Injectable()
export class SafetyCover {
  constructor(private readonly clinics: Clinics) {}

  /** A clinic without a rota has nobody who is bound to read: that is no cover. */
  async now(tx: Tx): Promise<CoverNow> {
    const clinic = await this.clinics.get(tx.scope.clinicId);
    const rota = safetyRota(clinic);
    const cover = rota && coverAt(rota, tx.clock.now(), clinic.zone);
    if (cover && cover.people.length > 0) return { covered: true, nextAt: null, call: [] };
    const phone = clinicContact(clinic)?.phone;
    const emergency = crisisHelp(clinic)?.emergency;
    const call = [rota?.outsideCover, emergency ? `the emergency number ${emergency}` : 'the emergency number', phone && `the clinic at ${phone}`];
    return { covered: false, nextAt: cover?.until ?? null, call: call.flatMap((words) => words || []) };
  }
}
