import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId, type Clock } from '@cairn/kernel';
import { PatientLinks, clinicContact, showPhone } from '@cairn/people';
import { CONFIG, Clinics, Transactions, backoffSeconds, cairnScope, type Config, type DueRow, type DueWork, type Queryable, type Tx } from '@cairn/platform';
import { CARRIERS, type Carrier, type Letter } from '../carrier.js';
import { DELIVERY, type Outcome } from '../delivery.rules.js';
import { REAL_CLOCK } from '../real-clock.js';
import { ReferrerLetter } from './letter.entity.js';
import { LetterLog } from './letter-log.service.js';
import rules from './letter-rules.json' with { type: 'json' };
import { LETTER_LINK } from './letter-link.js';
import type { LetterState } from './letter.workflow.js';

const DAY_MS = 24 * 3_600_000;
const WAITING: readonly LetterState[] = ['to-mail', 'mailing', 'mailed'];

/**
 * Mails referrers that a letter is there: claim in one transaction, the call outside of any, the outcome in another. SMTP knows no keys, so a mail that may
 * have left is not repeated: a person sees to the letter. So it is when nobody fetches it.
 */
@Injectable()
export class LetterMailWork implements DueWork {
  readonly name = 'letter-mail';
  readonly lane = 'reminders';
  readonly #carrier: Carrier | undefined;

  constructor(
    private readonly transactions: Transactions,
    private readonly clinics: Clinics,
    private readonly links: PatientLinks,
    private readonly log: LetterLog,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CARRIERS) carriers: readonly Carrier[],
    @Inject(REAL_CLOCK) private readonly realClock: Clock,
  ) {
    this.#carrier = carriers.find(({ channel }) => channel === 'email');
  }

  async due(database: Queryable, now: Date, limit: number): Promise<DueRow[]> {
    const rows = await database.query<{ clinic_id: string; id: string; tries: number; state: string }>({
      name: 'letter-mail-due',
      text: `select clinic_id, id, tries, state from referrer_letter
        where state in ('to-mail', 'mailing', 'mailed') and due_at <= $1 and (retry_at is null or retry_at <= clock_timestamp())
        order by due_at limit $2`,
      values: [now, limit],
    });
    return rows.map((row) => ({ clinicId: row.clinic_id, id: row.id, turn: `${row.state}-${row.tries}` }));
  }

  async perform(row: DueRow): Promise<void> {
    const mail = await this.#claim(row);
    if (mail && this.#carrier) await this.#record(row, await this.#carrier.carry(mail, ''));
  }

  async #claim({ clinicId, id }: DueRow): Promise<Letter | undefined> {
    return this.#hold(clinicId, id, async (tx, letter) => {
      if (letter.retryAt && letter.retryAt > this.realClock.now()) return undefined;
      if (letter.state === 'mailing') return this.#handOver(tx, letter, 'outcome-unknown');
      if (letter.dueAt && letter.dueAt > tx.clock.now()) return undefined;
      if (letter.state === 'mailed') return this.#handOver(tx, letter, 'not-fetched');
      const contact = clinicContact(await this.clinics.get(clinicId));
      if (!this.#carrier?.ready || !contact || letter.email === null) return this.#handOver(tx, letter, contact ? 'channel-not-configured' : 'clinic-contact-missing');
      await this.log.step(tx, letter, 'send');
      tx.em.assign(letter, { retryAt: new Date(this.realClock.now().getTime() + DELIVERY.leaseSeconds * 1000), tries: letter.tries + 1 });
      const expiresAt = new Date(tx.clock.now().getTime() + rules.linkDays * DAY_MS);
      const token = await this.links.issue(tx, { patientId: letter.patientId, purpose: LETTER_LINK, subject: letter.id, expiresAt });
      const phone = showPhone(contact.phone, contact.country);
      return {
        to: letter.email,
        subject: `A letter from ${contact.neutralName}`,
        text: `There is a letter for you about a patient whom you referred to us:\n\n${this.config.PUBLIC_URL}/letters/${token}\n\nThe link is meant for you alone, and good for ${rules.linkDays} days. If you would rather have the letter by post or by telephone, call us: ${phone}.\n\n${contact.neutralName}\n${phone}`,
        fromName: contact.neutralName,
        fromNumber: contact.smsNumber,
        language: 'en',
        attemptId: newId(),
        idempotencyKey: letter.id,
      };
    });
  }

  async #record({ clinicId, id }: DueRow, outcome: Outcome): Promise<void> {
    await this.#hold(clinicId, id, async (tx, letter) => {
      if (letter.state !== 'mailing') return; // Fetched already, or its lease ran out.
      if (outcome.result === 'accepted') await this.log.step(tx, letter, 'accept');
      else if (outcome.result === 'busy' && letter.tries < rules.busyTries) {
        await this.log.step(tx, letter, 'wait', outcome.code);
        tx.em.assign(letter, { retryAt: new Date(this.realClock.now().getTime() + Math.max(backoffSeconds(letter.tries), outcome.retryAfterSeconds ?? 0) * 1000) });
      } else await this.#handOver(tx, letter, outcome.result === 'unknown' ? 'outcome-unknown' : outcome.code);
    });
  }

  async #handOver(tx: Tx, letter: ReferrerLetter, rule: string): Promise<undefined> {
    await this.log.step(tx, letter, 'hand-over', rule);
    return undefined;
  }

  async #hold<T>(clinicId: string, id: string, work: (tx: Tx, letter: ReferrerLetter) => Promise<T>): Promise<T | undefined> {
    return this.transactions.run(cairnScope(clinicId, this.name, newId()), async (tx) => {
      const letter = await tx.em.findOne(ReferrerLetter, { clinicId, id, state: { $in: [...WAITING] } }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      return letter ? work(tx, letter) : undefined;
    });
  }
}
