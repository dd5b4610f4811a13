import { Inject, Injectable } from '@nestjs/common';
import { conflict } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Transactions, type Scope, type Tx } from '@cairn/platform';
import type { Communication } from '@medplum/fhirtypes';
import { CAIRN_CODES } from '@cairn/people';
import { demandDeed } from './actions/referral-outlook.js';
import type { Conversion } from './referral.acts.js';
import type { Referral } from './referral.entity.js';
import { ReferralDecisions } from './referral-decisions.service.js';
import { adviceLetter, convertedLetter } from './referral.letters.js';
import { ReferralMoves, arrange } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';

/** Topic by which a referrer's message agrees that a request for advice becomes a referral. */
const CONVERT_TOPIC = 'convert-to-referral';

/** The conversation with the referrer: advice given, questions that come back, and a request for advice that becomes a referral. */
@Injectable()
export class ReferralAdvice {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly decisions: ReferralDecisions,
    private readonly moves: ReferralMoves,
    private readonly projection: ReferralProjection,
  ) {}

  /** Writes to the referrer. What they wrote counts as answered then. Refuses once the referral was entered in error. */
  async write(scope: Scope, id: string, text: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      await demandDeed(tx, referral, 'write-to-referrer');
      const settings = await this.moves.settings(tx);
      await this.projection.tell(tx, referral, settings, adviceLetter(text));
      referral.referrerWroteAt = null;
      arrange(referral, settings, tx.clock.now());
      await tx.flush();
    });
  }

  /** The referrer wrote: it waits for an answer. Notes it where the message agrees that advice becomes a referral. */
  async heard(tx: Tx, referral: Referral, message: Communication): Promise<void> {
    const now = tx.clock.now();
    if (message.topic?.coding?.some(({ system, code }) => system === CAIRN_CODES && code === CONVERT_TOPIC)) {
      referral.conversionAgreed = { by: message.sender?.display ?? 'The referrer', how: 'message', at: now.toISOString() };
    }
    if (!referral.settledAt) referral.referrerWroteAt ??= now;
    arrange(referral, await this.moves.settings(tx), now);
    await tx.flush();
  }

  /**
   * What was to be advice only becomes a referral to be seen. Refuses where it is none, and without the referrer's agreement: by their message, or as a person writes it
   * down here.
   */
  async convert(scope: Scope, id: string, { urgency, pathway, comment, agreedBy }: Conversion, version: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      await demandDeed(tx, referral, 'convert');
      const agreed = agreedBy ? { by: agreedBy.name, how: agreedBy.how, at: tx.clock.now().toISOString() } : referral.conversionAgreed;
      if (!agreed) throw conflict('The referrer has not agreed that this becomes a referral. Ask them, and say who agreed and how.', { code: 'referral.conversion-not-agreed' });
      await this.moves.move(tx, referral, 'correct', { comment: `Becomes a referral, as ${agreed.by} agreed (${agreed.how}). ${comment}`, change: (row) => Object.assign(row, { urgency, pathway, conversionAgreed: agreed }) });
      await this.projection.tell(tx, referral, await this.moves.settings(tx), convertedLetter(urgency, pathway, comment));
    });
  }

  /** What was said on both sides, the oldest first; the last hundred. */
  async conversation(tx: Tx, referral: Referral, clinic: string): Promise<Message[]> {
    const said = await this.store.search(tx, 'Communication', { 'based-on': `ServiceRequest/${referral.serviceRequestId}`, _sort: '-sent', _count: '100' });
    return said
      .filter(({ status }) => status !== 'entered-in-error')
      .map((message) => ({
        id: message.id,
        from: message.sender?.reference === clinic ? ('clinic' as const) : ('referrer' as const),
        topic: message.topic?.coding?.[0]?.code ?? null,
        at: message.sent ?? message.meta.lastUpdated,
        text: (message.payload ?? []).flatMap(({ contentString }) => contentString ?? []).join('\n'),
      }))
      .reverse();
  }

  async #on(scope: Scope, id: string, version: number | undefined, act: (tx: Tx, referral: Referral) => Promise<void>): Promise<void> {
    await this.transactions.run(scope, async (tx) => act(tx, await this.decisions.lock(tx, id, version)));
  }
}

/** One message between the clinic and the referrer. */
export interface Message {
  readonly id: string;
  readonly from: 'clinic' | 'referrer';
  readonly topic: string | null;
  readonly at: string;
  readonly text: string;
}
