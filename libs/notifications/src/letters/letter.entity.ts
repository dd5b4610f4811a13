import { defineEntity, p } from '@mikro-orm/postgresql';
import type { LetterFacts, LetterState } from './letter.workflow.js';

const ReferrerLetterSchema = defineEntity({
  name: 'ReferrerLetter',
  tableName: 'referrer_letter',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    patientId: p.string(),
    /** The request that it answers. */
    serviceRequestId: p.string(),
    /** What the referrer is told, as a Communication. */
    communicationId: p.string(),
    /** The same as a document, with its PDF. */
    documentId: p.string(),
    state: p.string().$type<LetterState>(),
    /** To whom, as the request names them. */
    recipient: p.string(),
    email: p.string().strictNullable(),
    phone: p.string().strictNullable(),
    post: p.string().strictNullable(),
    /** Why a person must see to it: what kept the mail back. */
    rule: p.string().strictNullable(),
    /** When the next step is due, on the clinic's clock; null once it is delivered. */
    dueAt: p.datetime().strictNullable(),
    /** In real time: not before this instant; while mailing, the end of the lease. */
    retryAt: p.datetime().strictNullable(),
    tries: p.integer(),
    writtenAt: p.datetime(),
    deliveredAt: p.datetime().strictNullable(),
    deliveredBy: p.string().strictNullable(),
    note: p.string().strictNullable(),
    version: p.integer().version(),
  },
});

/** A letter to a referrer whom no EHR tells, until it is delivered. */
export class ReferrerLetter extends ReferrerLetterSchema.class {}
ReferrerLetterSchema.setClass(ReferrerLetter);

/** What the workflow's guards look at. */
export const letterFacts = ({ email, post }: ReferrerLetter): LetterFacts => ({ hasMail: email !== null, hasPost: post !== null });
