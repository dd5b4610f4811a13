import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Format } from './waitlist.js';

const CohortSchema = defineEntity({
  name: 'Cohort',
  tableName: 'cohort',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    programmeId: p.uuid(),
    language: p.string(),
    format: p.string().$type<Format>(),
    capacity: p.integer(),
    startsAt: p.datetime(),
    createdAt: p.datetime(),
    version: p.integer().version(),
  },
});

/** One run of a programme with its dates and places. */
export class Cohort extends CohortSchema.class {}
CohortSchema.setClass(Cohort);

const CohortSessionSchema = defineEntity({
  name: 'CohortSession',
  tableName: 'cohort_session',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    cohortId: p.uuid(),
    number: p.integer(),
    topic: p.string().strictNullable(),
    startsAt: p.datetime(),
    minutes: p.integer(),
  },
});

/** One meeting of a cohort. */
export class CohortSession extends CohortSessionSchema.class {}
CohortSessionSchema.setClass(CohortSession);
