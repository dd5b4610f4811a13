import { Injectable } from '@nestjs/common';
import { invalid, type Issue } from '@cairn/kernel';
import { Practitioners, type PractitionerFacts } from '@cairn/people';
import type { Tx } from '@cairn/platform';
import type { Attendee, Colleague } from './conference.entity.js';
import type { Signer } from './decision.fhir.js';

/** Who was there, as it is reported: the discipline may be left out by those who have one only. */
export interface ReportedAttendee {
  readonly practitionerId: string;
  readonly discipline?: string | undefined;
  readonly present: boolean;
}

const fault = (path: string, message: string): Error => invalid('Some fields are missing or wrong.', { code: 'fields', issues: [{ path, message }] satisfies Issue[] });

/** Knows the people who work at the clinic by their Practitioner. */
@Injectable()
export class Colleagues {
  constructor(private readonly practitioners: Practitioners) {}

  /** The colleague. Refuses, naming the field, an id that is no practitioner of the clinic. */
  async named(tx: Tx, practitionerId: string, path: string): Promise<Colleague> {
    const { id, display } = await this.#get(tx, practitionerId, path);
    return { practitionerId: id, name: display };
  }

  /** The attendance with names and disciplines. Refuses somebody named twice, and a discipline that the person does not hold or that is left open. */
  async attendance(tx: Tx, reported: readonly ReportedAttendee[]): Promise<Attendee[]> {
    const attendees: Attendee[] = [];
    for (const [index, { practitionerId, discipline, present }] of reported.entries()) {
      const path = `attendees.${index}`;
      if (attendees.some((other) => other.practitionerId === practitionerId)) throw fault(`${path}.practitionerId`, 'is named twice');
      const { id, display, disciplines } = await this.#get(tx, practitionerId, `${path}.practitionerId`);
      const held: readonly string[] = disciplines;
      const chosen = discipline ?? (held.length === 1 ? held[0] : undefined);
      if (chosen === undefined || !held.includes(chosen)) {
        throw fault(`${path}.discipline`, held.length > 0 ? `must be one that this person holds: ${held.join(', ')}` : 'this person holds no discipline at the clinic');
      }
      attendees.push({ practitionerId: id, name: display, discipline: chosen, present });
    }
    return attendees;
  }

  /** The acting person as a signer. Throws when a job acts: only people sign. */
  async signer(tx: Tx): Promise<Signer> {
    const { actor } = tx.scope;
    if (actor.kind !== 'person') throw new Error('Only a person can sign.');
    const practitioner = await this.practitioners.ofUser(tx, actor.id);
    return { userId: actor.id, name: practitioner?.display ?? actor.name, practitionerId: practitioner?.id ?? null };
  }

  async #get(tx: Tx, practitionerId: string, path: string): Promise<PractitionerFacts> {
    const found = await this.practitioners.get(tx, practitionerId);
    if (!found) throw fault(path, 'is no practitioner of this clinic');
    return found;
  }
}
