import { defineEntity, p } from '@mikro-orm/postgresql';
import type { SafetyAlertState } from './safety-alert.workflow.js';

const SafetyAlertSchema = defineEntity({
  name: 'SafetyAlert',
  tableName: 'safety_alert',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    patientId: p.string(),
    /** What it is about, in the word of the feature that raised it, and the id there. */
    subjectKind: p.string(),
    subjectId: p.uuid(),
    assessmentId: p.uuid().nullable(),
    rule: p.string(),
    /** The finding in words that tell nothing of the patient. */
    label: p.string(),
    /** The resource that the Task is about, `Type/id`. */
    focus: p.string(),
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

/** A dangerous finding that waits for a person. `step` counts the persons it has gone to; `dueAt` is when the present one's time is over. */
export class SafetyAlert extends SafetyAlertSchema.class {}
SafetyAlertSchema.setClass(SafetyAlert);
