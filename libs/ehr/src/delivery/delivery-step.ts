import { RealClock, newId, nextState, type Clock } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import { EhrDeliveryTransition } from './delivery-transition.entity.js';
import type { EhrDelivery } from './delivery.entity.js';
import { deliveryMachine, type DeliveryEvent, type DeliveryFacts } from './delivery.workflow.js';

const clock: Clock = new RealClock();

/** What is written down with a step, besides the step itself. */
export interface StepNote {
  readonly problem?: string | undefined;
  readonly httpStatus?: number | undefined;
  /** In a person's words. */
  readonly reason?: string | undefined;
}

/**
 * Moves a delivery by one event of its workflow and appends the step to its history. Refuses with a conflict what the workflow does not
 * allow. Recorded in real time: the EHR lives in it, whatever a demo's clock says.
 */
export function step(tx: Tx, delivery: EhrDelivery, event: DeliveryEvent, facts: DeliveryFacts, note: StepNote = {}): void {
  const from = delivery.state;
  const to = nextState(deliveryMachine, from, event, facts);
  const now = clock.now();
  delivery.state = to;
  delivery.problem = note.problem ?? null;
  delivery.httpStatus = note.httpStatus ?? null;
  delivery.endedAt = deliveryMachine.terminal.includes(to) || to === 'dead' || to === 'not-taken' ? now : null;
  tx.em.create(EhrDeliveryTransition, {
    clinicId: delivery.clinicId,
    id: newId(),
    deliveryId: delivery.id,
    event,
    fromState: from,
    toState: to,
    attempt: delivery.attempts,
    problem: note.problem ?? null,
    httpStatus: note.httpStatus ?? null,
    actorKind: tx.scope.actor.kind,
    actorId: tx.scope.actor.id,
    reason: note.reason ?? null,
    recordedAt: now,
  });
}
