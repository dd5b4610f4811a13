import { defineEntity, p } from '@mikro-orm/postgresql';
import type { EscalationOutcome, EscalationReason, EscalationState } from './escalation.workflow.js';

const EscalationSchema = defineEntity({
  name: 'Escalation',
  tableName: 'escalation',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    /** Null where a reply came from a number that no patient of the clinic was written to. */
    patientId: p.string().strictNullable(),
    reminderId: p.uuid().strictNullable(),
    reason: p.string().$type<EscalationReason>(),
    /** The rule behind the reason, where it has one. */
    rule: p.string().strictNullable(),
    /** The Communication that holds what the patient wrote. */
    replyId: p.string().strictNullable(),
    state: p.string().$type<EscalationState>(),
    openedAt: p.datetime(),
    dueAt: p.datetime(),
    closedAt: p.datetime().strictNullable(),
    closedBy: p.string().strictNullable(),
    outcome: p.string().$type<EscalationOutcome>().strictNullable(),
    note: p.string().strictNullable(),
    version: p.integer().version(),
  },
});

/** Something that a coordinator must see to, because no message can. */
export class Escalation extends EscalationSchema.class {}
EscalationSchema.setClass(Escalation);
