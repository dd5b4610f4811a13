import { defineEntity, p } from '@mikro-orm/postgresql';
import type { SafetyAlertEvent, SafetyAlertState } from './safety-alert.workflow.js';

const SafetyAlertTransitionSchema = defineEntity({
  name: 'SafetyAlertTransition',
  tableName: 'safety_alert_transition',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    alertId: p.uuid(),
    event: p.string().$type<SafetyAlertEvent | 'raise'>(),
    fromState: p.string().$type<SafetyAlertState>().nullable(),
    toState: p.string().$type<SafetyAlertState>(),
    ownerName: p.string(),
    at: p.datetime().fieldName('happened_at'),
    actorKind: p.string(),
    actorId: p.string(),
    reason: p.string().nullable(),
  },
});

/** One step of a safety alert: who had it, what was done. Append-only. */
export class SafetyAlertTransition extends SafetyAlertTransitionSchema.class {}
SafetyAlertTransitionSchema.setClass(SafetyAlertTransition);
