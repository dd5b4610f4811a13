import { defineEntity, p } from '@mikro-orm/postgresql';

/** FHIR R4 service-provision-conditions: free of charge, at a reduced price, at full cost. */
export const COSTS = ['free', 'disc', 'cost'] as const;

const ProgrammeSchema = defineEntity({
  name: 'Programme',
  tableName: 'programme',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    state: p.string().$type<'open' | 'closed'>(),
    title: p.string(),
    description: p.string().strictNullable(),
    /** For whom the programme is not suitable, as those read it who screen. */
    notSuitableFor: p.string().strictNullable(),
    /** Code of HL7's service-type, such as 224 (support groups). */
    serviceType: p.string().strictNullable(),
    cost: p.string().$type<(typeof COSTS)[number]>(),
    /** Sessions that a person attends to complete it. */
    sessionsNeeded: p.integer(),
    ownerPractitionerId: p.string().strictNullable(),
    ownerName: p.string(),
    createdAt: p.datetime(),
    version: p.integer().version(),
  },
});

/** A course that the clinic offers, to groups. */
export class Programme extends ProgrammeSchema.class {}
ProgrammeSchema.setClass(Programme);
