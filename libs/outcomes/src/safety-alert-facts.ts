import { availableEvents } from '@cairn/kernel';
import { may, type Actor } from '@cairn/platform';
import type { SafetyAlert } from './safety-alert.entity.js';
import { safetyAlertWorkflow, type SafetyAlertEvent, type SafetyAlertState } from './safety-alert.workflow.js';

/** A safety alert as other features and the REST interface see it. */
export interface SafetyAlertFacts {
  readonly id: string;
  readonly patientId: string;
  /** What raised it: `assessment`, or the word of the feature that did, such as `referral`; and the id there. */
  readonly subject: { readonly kind: string; readonly id: string };
  readonly assessmentId: string | null;
  readonly rule: string;
  readonly label: string;
  readonly state: SafetyAlertState;
  /** The person whose turn it is. */
  readonly owner: { readonly name: string; readonly practitionerId: string | null };
  /** How many persons it has passed to since it was raised. */
  readonly step: number;
  readonly raisedAt: Date;
  readonly dueAt: Date;
  readonly callBackPhone: string | null;
  readonly acknowledgedAt: Date | null;
  /** What the person who asks may do now. */
  readonly availableActions: readonly SafetyAlertEvent[];
  readonly version: number;
}

export const alertFacts = (row: SafetyAlert, actor: Actor): SafetyAlertFacts => ({
  id: row.id,
  patientId: row.patientId,
  subject: { kind: row.subjectKind, id: row.subjectId },
  assessmentId: row.assessmentId ?? null,
  rule: row.rule,
  label: row.label,
  state: row.state,
  owner: { name: row.ownerName, practitionerId: row.ownerPractitionerId ?? null },
  step: row.step,
  raisedAt: row.raisedAt,
  dueAt: row.dueAt,
  callBackPhone: row.callBackPhone ?? null,
  acknowledgedAt: row.acknowledgedAt ?? null,
  // Escalating is the clock's work, never offered to a person.
  availableActions: availableEvents(safetyAlertWorkflow, row.state, { byPerson: actor.kind === 'person' && may(actor, 'safety.acknowledge'), overdue: false }),
  version: row.version,
});
