import { describe, expect, it } from '@jest/globals';
import type { ServiceRequest } from '@medplum/fhirtypes';
import { wishCodingSchema, wishOf } from './referral-wish.js';

const SCT = 'http://snomed.info/sct';
const SERVICE = 'http://terminology.hl7.org/CodeSystem/service-type';
const rules = wishCodingSchema.parse({
  advice: [{ system: SCT, code: '1' }, { system: SCT, code: '2', dialect: 'bser-stu2' }],
  adviceIntents: ['proposal'],
  programmes: [{ system: SCT, code: '313204009', dialect: 'bser-stu2', programme: 'lifestyle' }, { system: SCT, code: '4', programme: 'education' }],
});
const coded = (system: string, code: string) => ({ coding: [{ system, code }] });
const request = (parts: Partial<ServiceRequest>): ServiceRequest => ({ resourceType: 'ServiceRequest', status: 'active', intent: 'order', subject: {}, ...parts });

describe('what a request asks for', () => {
  it.each<[string, Partial<ServiceRequest>, object]>([
    ['nothing told', {}, { asksFor: 'care', discipline: null, programme: null }],
    ['advice by its code', { code: coded(SCT, '1') }, { asksFor: 'advice' }],
    ['advice by a category', { category: [coded(SCT, '9'), coded(SCT, '1')] }, { asksFor: 'advice' }],
    ['advice by its intent', { intent: 'proposal' }, { asksFor: 'advice' }],
    ['the same code of another system', { code: coded(SERVICE, '1') }, { asksFor: 'care' }],
    ['a code of another dialect', { code: coded(SCT, '2'), category: [coded(SCT, '313204009')] }, { asksFor: 'care', programme: null }],
    ['a discipline by who shall do it', { performerType: coded(SERVICE, '65') }, { discipline: 'physiotherapy' }],
    ['a discipline by its code, a programme by its category', { code: coded(SERVICE, '142'), category: [coded(SCT, '4')] }, { discipline: 'psychology', programme: 'education' }],
  ])('%s', (_, parts, expected) => expect(wishOf(request(parts), rules, 'plain')).toMatchObject(expected));

  it('reads what one dialect says only there', () =>
    expect(wishOf(request({ code: coded(SCT, '2'), category: [coded(SCT, '313204009')] }), rules, 'bser-stu2')).toMatchObject({ asksFor: 'advice', programme: 'lifestyle' }));
});
