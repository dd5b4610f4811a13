import { Injectable } from '@nestjs/common';
import { decide, nextState } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { audit, type Tx } from '@cairn/platform';
import { letterFacts, type ReferrerLetter } from './letter.entity.js';
import { letterTask } from './letter.fhir.js';
import rules from './letter-rules.json' with { type: 'json' };
import { letterMachine, type LetterEvent, type LetterState } from './letter.workflow.js';

const HOUR_MS = 3_600_000;

/** Hours after which the next step of a letter is due; in the other states it is due at once. */
const DUE_HOURS: Partial<Record<LetterState, number>> = { mailed: rules.fetchDays * 24, 'to-call': rules.dueHours, 'to-post': rules.dueHours };

/** Moves letters along their workflow: state, next date, Task and audit in one. */
@Injectable()
export class LetterLog {
  constructor(private readonly store: FhirStore) {}

  /** Takes the step. Refuses with a conflict what the workflow does not allow. */
  async step(tx: Tx, letter: ReferrerLetter, event: LetterEvent, rule: string | null = null): Promise<void> {
    const now = tx.clock.now();
    const state = nextState(letterMachine, letter.state, event, letterFacts(letter));
    const isDelivered = state === 'delivered';
    tx.em.assign(letter, {
      state,
      rule: rule ?? letter.rule,
      dueAt: isDelivered ? null : new Date(now.getTime() + (DUE_HOURS[state] ?? 0) * HOUR_MS),
      ...(isDelivered ? { deliveredAt: now, deliveredBy: tx.scope.actor.id } : {}),
      ...(state === 'mailing' ? {} : { retryAt: null }),
    });
    await tx.flush();
    await this.store.put(tx, letterTask(letter, now));
    await audit(tx, { action: 'update', what: `letter.${event}`, entities: [`Task/${letter.id}`, `Communication/${letter.communicationId}`], patients: [letter.patientId] });
  }

  /** Sends a new letter on its way: by mail where the referrer has a mailbox, else to a person. */
  async route(tx: Tx, letter: ReferrerLetter): Promise<void> {
    await this.step(tx, letter, decide(letterMachine, letter.state, 'route', letterFacts(letter)).ok ? 'route' : 'hand-over');
  }
}
