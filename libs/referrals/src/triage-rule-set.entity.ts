import { defineEntity, p } from '@mikro-orm/postgresql';
import type { TriageRule } from './triage-rules.js';

const TriageRuleSetSchema = defineEntity({
  name: 'TriageRuleSet',
  tableName: 'triage_rule_set',
  properties: {
    clinicId: p.uuid().primary(),
    version: p.integer().primary(),
    state: p.string().$type<'draft' | 'live' | 'retired'>(),
    note: p.string(),
    rules: p.json().$type<readonly TriageRule[]>(),
    createdAt: p.datetime(),
    createdBy: p.string(),
    triedAt: p.datetime().nullable(),
    liveAt: p.datetime().nullable(),
    liveBy: p.string().nullable(),
    retiredAt: p.datetime().nullable(),
  },
});

/** One version of a clinic's triage rules. Its rules never change: whoever changes them makes the next version. */
export class TriageRuleSet extends TriageRuleSetSchema.class {}
TriageRuleSetSchema.setClass(TriageRuleSet);
