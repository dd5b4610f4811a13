import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { newId } from '@cairn/kernel';
import { Transactions, cairnScope, type Tx } from '@cairn/platform';
import { parse, stringify } from 'uuid';

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

const CLINIC_BYTES = 16;
const SECRET_BYTES = 24;
const TOKEN = /^[A-Za-z0-9_-]{54}$/;

const clinicIn = (token: string): string | undefined => {
  try {
    return TOKEN.test(token) ? stringify(Buffer.from(token, 'base64url').subarray(0, CLINIC_BYTES)) : undefined;
  } catch {
    return undefined; // Sixteen bytes that are no UUID: nobody of ours made this token.
  }
};

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * Links that patients follow without signing in. The token is the clinic's id and 24 random bytes; it says nothing of the patient, and only
 * its hash is stored. The clinic stands in it because row-level security must know the clinic before it looks.
 */
@Injectable()
export class PatientLinks {
  constructor(private readonly transactions: Transactions) {}

  /** Returns a new token for the grant, 54 characters that are safe in a URL. It can't be read again later. */
  async issue(tx: Tx, { patientId, purpose, subject, expiresAt }: LinkGrant): Promise<string> {
    const token = Buffer.concat([parse(tx.scope.clinicId), randomBytes(SECRET_BYTES)]).toString('base64url');
    await tx.query({
      name: 'patient-link-issue',
      text: `insert into patient_link (clinic_id, token_hash, patient_id, purpose, subject, issued_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)`,
      values: [tx.scope.clinicId, hashOf(token), patientId, purpose, subject, tx.clock.now(), expiresAt],
    });
    return token;
  }

  /** The grant behind a token, or undefined when the token is malformed, unknown, expired or for another purpose: the four look the same. */
  async open(token: string, purpose: string): Promise<OpenedLink | undefined> {
    const clinicId = clinicIn(token);
    if (!clinicId) return undefined;
    return this.transactions.read(cairnScope(clinicId, 'patient-link', newId()), async (tx) => {
      const [row] = await tx.query<{ patientId: string; subject: string; expiresAt: Date }>({
        name: 'patient-link-open',
        text: `select patient_id as "patientId", subject, expires_at as "expiresAt" from patient_link
          where clinic_id = $1 and token_hash = $2 and purpose = $3 and expires_at > $4`,
        values: [clinicId, hashOf(token), purpose, tx.clock.now()],
      });
      return row && { ...row, purpose, clinicId };
    });
  }
}
