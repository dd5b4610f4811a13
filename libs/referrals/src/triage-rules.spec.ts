import { describe, expect, it } from '@jest/globals';
import { USUAL_RULES, suggest, triageRuleSchema, type TriageFacts, type TriageRule } from './triage-rules.js';

const ICD = 'http://hl7.org/fhir/sid/icd-10-cm';
const facts: TriageFacts = { urgency: 'routine', flags: [], conditions: [], medicines: [], scores: {}, age: 40, reason: 'Dolor crónico', missing: [], asksFor: 'care', seenBefore: false };
const rule = (parts: Partial<TriageRule>): TriageRule => triageRuleSchema.parse({ id: 'r', label: 'R', all: [], suggest: { urgency: 'asap', pathway: 'conference' }, because: 'x', ...parts });
const fits = (all: TriageRule['all'], given: Partial<TriageFacts>): boolean => suggest({ name: '1', rules: [rule({ all })] }, { ...facts, ...given }) !== undefined;

describe('triage rules', () => {
  it('suggest by the first that fits, and say which', () => {
    const cancer = [{ system: ICD, code: 'C50.9', ageDays: 10 }];
    expect(suggest(USUAL_RULES, { ...facts, conditions: cancer, seenBefore: true })).toMatchObject({ rule: 'cancer-pain', urgency: 'urgent', ruleSet: USUAL_RULES.name });
    expect(suggest(USUAL_RULES, { ...facts, seenBefore: true })).toMatchObject({ rule: 'seen-before' });
    expect(suggest(USUAL_RULES, facts)).toMatchObject({ rule: 'otherwise', urgency: 'routine', pathway: 'assessment' });
    expect(suggest({ name: '1', rules: [] }, facts)).toBeUndefined();
  });

  it('hold a rule back by what it excludes', () => {
    const rules = [rule({ none: [{ fact: 'age', below: 18 }] })];
    expect(suggest({ name: '1', rules }, facts)).toBeDefined();
    expect(suggest({ name: '1', rules }, { ...facts, age: 17 })).toBeUndefined();
  });

  it('take what is not known as not true', () => {
    expect(fits([{ fact: 'age', atLeast: 0 }], { age: null })).toBe(false);
    expect(fits([{ fact: 'score', code: '44261-6', below: 100 }], {})).toBe(false);
    expect(fits([{ fact: 'condition', systems: [ICD], prefixes: ['G89'], withinDays: 90 }], { conditions: [{ system: ICD, code: 'G89.28', ageDays: null }] })).toBe(false);
  });

  it.each<[TriageRule['all'][number], Partial<TriageFacts>]>([
    [{ fact: 'urgency', is: ['routine'] }, {}],
    [{ fact: 'flag', is: ['osteoporosis'] }, { flags: ['osteoporosis'] }],
    [{ fact: 'condition', systems: [ICD], prefixes: ['g89.2'], withinDays: 90 }, { conditions: [{ system: ICD, code: 'G89.28', ageDays: 90 }] }],
    [{ fact: 'medicine', systems: ['urn:rx'], codes: ['1'] }, { medicines: [{ system: 'urn:rx', code: '1' }] }],
    [{ fact: 'score', code: '44261-6', atLeast: 15 }, { scores: { '44261-6': 15 } }],
    [{ fact: 'reason', words: ['CRONICO'] }, {}],
    [{ fact: 'missing', is: ['onset'] }, { missing: ['onset'] }],
    [{ fact: 'seen-before', is: true }, { seenBefore: true }],
  ])('look at %j', (predicate, given) => {
    expect(fits([predicate], given)).toBe(true);
    expect(fits([predicate], { urgency: 'stat', reason: 'Other' })).toBe(false);
  });
});
