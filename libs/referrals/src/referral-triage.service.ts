import { Inject, Injectable } from '@nestjs/common';
import { invalid } from '@cairn/kernel';
import { Transactions, type Scope, type Tx } from '@cairn/platform';
import { itemLabel } from './minimum-data-set.js';
import type { Acceptance, Decline, Question, Redirection } from './referral.acts.js';
import type { Decision, Referral } from './referral.entity.js';
import { correctedLetter, questionLetter } from './referral.letters.js';
import { ReferralDecisions, declineWords } from './referral-decisions.service.js';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { ReferralSafety } from './referral-safety.service.js';
import { ReferralScreening } from './referral-screening.service.js';
import { TriageSuggestions } from './triage-suggestions.service.js';
import type { Pathway, Urgency } from './referral.settings.js';

interface Verdict {
  readonly event: 'accept' | 'decline' | 'redirect';
  readonly said: Omit<Decision, 'by' | 'before'>;
  /** The reason that the Task will tell. */
  readonly why?: { readonly code: string; readonly text: string };
  readonly urgency?: Urgency;
  readonly pathway?: Pathway;
}

/** What a coordinator or clinician does to decide on a referral. Every act may name the version it was decided on. */
@Injectable()
export class ReferralTriage {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    private readonly decisions: ReferralDecisions,
    private readonly moves: ReferralMoves,
    private readonly screening: ReferralScreening,
    private readonly safety: ReferralSafety,
    private readonly suggestions: TriageSuggestions,
    private readonly projection: ReferralProjection,
  ) {}

  /** Takes the referral into triage, or a waiting one into triage again; it is the actor's from now on. */
  async open(scope: Scope, id: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      await this.moves.move(tx, referral, 'open-triage', {
        change: (row) => {
          const { actor } = tx.scope;
          if (actor.kind === 'person') Object.assign(row, { ownerId: actor.id, ownerName: actor.name });
        },
      });
      await this.suggestions.note(tx, referral, await this.moves.settings(tx));
    });
  }

  /** Asks the referrer, with what the minimum data set lacks added to the question. The adjusted clock stands still from now on. Refuses to ask for nothing. */
  async ask(scope: Scope, id: string, { question }: Question, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      const missing = referral.missing.map(itemLabel);
      if (question === undefined && missing.length === 0) {
        throw invalid('Nothing is missing, so say what you want to know.', { code: 'fields', issues: [{ path: 'question', message: 'Is needed where nothing of the minimum data set is missing.' }] });
      }
      await this.moves.move(tx, referral, 'request-information', { comment: question ?? `Asked for: ${missing.join('; ')}` });
      await this.projection.tell(tx, referral, await this.moves.settings(tx), questionLetter(question ?? '', missing));
    });
  }

  /** Writes down that the referrer answered, by phone or letter: `comment` says what. Looks at the record again. */
  async answered(scope: Scope, id: string, comment: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      await this.moves.move(tx, referral, 'provide-information', { comment });
      const settings = await this.moves.settings(tx);
      const { hardStops } = await this.screening.look(tx, referral, settings);
      await this.safety.report(tx, referral, settings, hardStops);
    });
  }

  /** A clinician goes on without the information. */
  async stopWaiting(scope: Scope, id: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) => this.moves.move(tx, referral, 'stop-waiting'));
  }

  /** Accepts. Takes effect when the undo window closes; at once where the urgency is stat. */
  async accept(scope: Scope, id: string, { urgency, pathway, comment }: Acceptance, version: number): Promise<void> {
    await this.#decide(scope, id, version, { event: 'accept', said: { comment }, urgency, pathway });
  }

  /** Returns the referral to the referrer with a coded reason and advice. */
  async decline(scope: Scope, id: string, { reason, advice, comment }: Decline, version: number): Promise<void> {
    await this.#decide(scope, id, version, { event: 'decline', said: { comment: comment ?? advice, reason, advice }, why: declineWords(reason) });
  }

  /** Passes the referral on to somebody else; it stays listed until they confirm. */
  async redirect(scope: Scope, id: string, { to, comment }: Redirection, version: number): Promise<void> {
    await this.#decide(scope, id, version, { event: 'redirect', said: { comment, redirectedTo: to }, why: { code: 'redirected', text: `Passed on to ${to}.` } });
  }

  /** Takes back a decision that has not left yet, with the urgency and pathway that it changed. */
  async undo(scope: Scope, id: string, version?: number): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      const referral = await this.moves.lock(tx, id, version);
      await this.moves.move(tx, referral, 'undo', { change: (row) => Object.assign(row, { ...row.decision?.before, decision: null }) });
    });
  }

  /** Changes urgency or pathway of a decision in effect. The referrer is told of the correction and why. */
  async correct(scope: Scope, id: string, { urgency, pathway, comment }: Acceptance, version: number): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      const reason = referral.reasonCode && referral.reasonText ? { code: referral.reasonCode, text: referral.reasonText } : undefined;
      await this.moves.move(tx, referral, 'correct', { reason, comment, change: (row) => Object.assign(row, { urgency, pathway }) });
      await this.projection.tell(tx, referral, await this.moves.settings(tx), correctedLetter(urgency, pathway, comment));
    });
  }

  /** The receiver has taken the redirected patient on: nothing more to do here. */
  async confirmRedirection(scope: Scope, id: string, comment: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) =>
      this.moves.move(tx, referral, 'confirm-redirection', { reason: { code: 'redirected', text: referral.reasonText ?? 'Passed on.' }, comment }),
    );
  }

  /** A named clinician takes note of a red flag and says what was done. Refuses what {@link ReferralSafety.acknowledge} refuses. */
  async acknowledge(scope: Scope, id: string, flag: string, actionTaken: string, version?: number): Promise<void> {
    await this.#on(scope, id, version, (tx, referral) => this.safety.acknowledge(tx, referral, flag, actionTaken));
  }

  async #decide(scope: Scope, id: string, version: number, { event, said, why, urgency, pathway }: Verdict): Promise<void> {
    await this.#on(scope, id, version, async (tx, referral) => {
      const { undoSeconds } = await this.moves.settings(tx);
      const before = { urgency: referral.urgency, pathway: referral.pathway ?? null };
      await this.moves.move(tx, referral, event, {
        reason: why,
        comment: said.comment,
        undoWindowMs: (urgency ?? before.urgency) === 'stat' ? 0 : undoSeconds * 1000,
        change: (row) => Object.assign(row, { urgency: urgency ?? before.urgency, pathway: pathway ?? before.pathway, decision: { ...said, by: nameOf(scope), before, ...(row.suggestion ? { suggested: row.suggestion } : {}) } }),
      });
      await this.decisions.settle(tx, referral);
    });
  }

  async #on(scope: Scope, id: string, version: number | undefined, act: (tx: Tx, referral: Referral) => Promise<void>): Promise<void> {
    await this.transactions.run(scope, async (tx) => act(tx, await this.decisions.lock(tx, id, version)));
  }
}

/** The name under which an act is kept. */
const nameOf = ({ actor }: Scope): string => ('name' in actor ? actor.name : actor.id);
