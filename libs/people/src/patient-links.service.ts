import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type Tx } from '@cairn/platform';
import { linkToken } from './link-token.js';

/** What a link lets its holder do. `subject` names the row it is about, such as an assessment. */
export interface LinkGrant {
  readonly patientId: string;
  /** A word of the issuing feature, `a-z` and hyphens: a link opens only what asks for the same purpose. */
  readonly purpose: string;
  readonly subject: string;
  readonly expiresAt: Date;
}

/** A link that was opened: what it grants, and in which clinic. */
export type OpenedLink = LinkGrant & { readonly clinicId: string };

/** Links that patients follow without signing in. */
@Injectable()
export class PatientLinks {
  constructor(private readonly transactions: Transactions) {}

  /** Returns a new token for the grant, 54 characters that are safe in a URL. It can't be read again later. */
  async issue(tx: Tx, { patientId, purpose, subject, expiresAt }: LinkGrant): Promise<string> {
    const { token, hash } = linkToken.make(tx.scope.clinicId);
    await tx.query({
      name: 'patient-link-issue',
      text: `insert into patient_link (clinic_id, token_hash, patient_id, purpose, subject, issued_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)`,
      values: [tx.scope.clinicId, hash, patientId, purpose, subject, tx.clock.now(), expiresAt],
    });
    return token;
  }

  /** The grant behind a token, or undefined when the token is malformed, unknown, expired or for another purpose: the four look the same. */
  async open(token: string, purpose: string): Promise<OpenedLink | undefined> {
    const clinicId = linkToken.clinicIn(token);
    if (!clinicId) return undefined;
    return this.transactions.read(cairnScope(clinicId, 'patient-link', newId()), async (tx) => {
      const [row] = await tx.query<{ patientId: string; subject: string; expiresAt: Date }>({
        name: 'patient-link-open',
        text: `select patient_id as "patientId", subject, expires_at as "expiresAt" from patient_link
          where clinic_id = $1 and token_hash = $2 and purpose = $3 and expires_at > $4`,
        values: [clinicId, linkToken.hash(token), purpose, tx.clock.now()],
      });
      return row && { ...row, purpose, clinicId };
    });
  }
}
