import { defineEntity, p } from '@mikro-orm/postgresql';
import type { SafetyAlertState } from './safety-alert.workflow.js';

const SafetyAlertSchema = defineEntity({
  name: 'SafetyAlert',
  tableName: 'safety_alert',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    patientId: p.string(),
    assessmentId: p.uuid(),
    rule: p.string(),
    state: p.string().$type<SafetyAlertState>(),
    step: p.integer(),
    ownerName: p.string(),
    ownerPractitionerId: p.string().nullable(),
    raisedAt: p.datetime(),
    dueAt: p.datetime(),
    callBackPhone: p.string().nullable(),
    acknowledgedAt: p.datetime().nullable(),
    acknowledgedBy: p.string().nullable(),
    version: p.integer().version(),
  },
});

/** A dangerous answer that waits for a person. `step` counts the persons it has gone to; `dueAt` is when the present one's time is over. */
export class SafetyAlert extends SafetyAlertSchema.class {}
SafetyAlertSchema.setClass(SafetyAlert);
