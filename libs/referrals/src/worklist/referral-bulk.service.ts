import { Injectable } from '@nestjs/common';
import { CairnError, conflict } from '@cairn/kernel';
import { Transactions, edgeError, type Scope } from '@cairn/platform';
import { ReferralMoves } from '../referral-moves.service.js';
import { ReferralTriage } from '../referral-triage.service.js';
import { ReferralClaims } from './referral-claims.service.js';
import { ReferralHandover, type Recipient } from './referral-handover.service.js';

/** One referral of a bulk act, at the version it was seen in where one is named. */
export interface BulkItem {
  readonly id: string;
  readonly version?: number | undefined;
}

export type BulkAct =
  | { readonly act: 'claim'; readonly referrals: readonly BulkItem[] }
  | { readonly act: 'assign'; readonly referrals: readonly BulkItem[]; readonly to: Recipient }
  | { readonly act: 'hand-over'; readonly referrals: readonly BulkItem[]; readonly to: Recipient; readonly note: string }
  | { readonly act: 'ask-for-missing'; readonly referrals: readonly BulkItem[] };

/** What happened to one of them: done, or why not. */
export interface BulkResult {
  readonly id: string;
  readonly done: boolean;
  readonly refused?: { readonly code: string; readonly detail: string };
}

const QUESTION = 'Some information that we need to decide on this referral is missing. Please send it.';

/** Does one safe act to many referrals: each by itself, so that one refusal keeps none of the others back. Decisions are not among them. */
@Injectable()
export class ReferralBulk {
  constructor(
    private readonly transactions: Transactions,
    private readonly moves: ReferralMoves,
    private readonly claims: ReferralClaims,
    private readonly handover: ReferralHandover,
    private readonly triage: ReferralTriage,
  ) {}

  /** Returns one result for each referral, in the order they were named. */
  async perform(scope: Scope, act: BulkAct): Promise<BulkResult[]> {
    const results: BulkResult[] = [];
    for (const item of act.referrals) {
      try {
        await this.#one(scope, act, item);
        results.push({ id: item.id, done: true });
      } catch (error) {
        if (!(error instanceof CairnError)) throw error;
        const { code, message } = edgeError(error);
        results.push({ id: item.id, done: false, refused: { code, detail: message } });
      }
    }
    return results;
  }

  async #one(scope: Scope, act: BulkAct, { id, version }: BulkItem): Promise<void> {
    switch (act.act) {
      case 'claim':
        await this.claims.claim(scope, id, version);
        return;
      case 'assign':
        return this.handover.assign(scope, id, act.to, version);
      case 'hand-over':
        await this.#demandNoHardStop(scope, id);
        return this.handover.handOver(scope, id, act.to, act.note, version);
      case 'ask-for-missing':
        return this.#ask(scope, id, version);
    }
  }

  /** A hard stop is looked at by itself: it must not pass through many hands in a heap. */
  async #demandNoHardStop(scope: Scope, id: string): Promise<void> {
    const { openHardStops } = await this.transactions.run(scope, (tx) => this.moves.lock(tx, id));
    if (openHardStops > 0) throw conflict('This referral has a red flag that nobody has acknowledged. Open it and act on it by itself.', { code: 'referral.red-flag-unacknowledged' });
  }

  async #ask(scope: Scope, id: string, version: number | undefined): Promise<void> {
    await this.#demandNoHardStop(scope, id);
    const { state, missing } = await this.transactions.run(scope, (tx) => this.moves.lock(tx, id, version));
    if (missing.length === 0) throw conflict('Nothing of the minimum data set is missing.', { code: 'referral.complete' });
    if (state === 'received') await this.triage.open(scope, id, version);
    await this.triage.ask(scope, id, { question: QUESTION }, state === 'received' ? undefined : version);
  }
}
