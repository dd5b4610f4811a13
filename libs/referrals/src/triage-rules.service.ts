import { Inject, Injectable } from '@nestjs/common';
import { conflict, invalid, notFound } from '@cairn/kernel';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { Referral } from './referral.entity.js';
import { ReferralMoves } from './referral-moves.service.js';
import { TriageRuleSet } from './triage-rule-set.entity.js';
import { TriageSuggestions } from './triage-suggestions.service.js';
import type { Suggestion, TriageRule } from './triage-rules.js';

/** A version of the rules as people see it. */
export interface RuleSetView {
  readonly version: number;
  readonly state: string;
  readonly note: string;
  readonly rules: readonly TriageRule[];
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly triedAt: Date | null;
  readonly liveAt: Date | null;
  readonly liveBy: string | null;
  readonly retiredAt: Date | null;
}

/** What a rule set would have suggested where people decided otherwise. */
interface Disagreement {
  readonly referralId: string;
  readonly rule: string | null;
  readonly suggested: Pick<Suggestion, 'urgency' | 'pathway'> | null;
  readonly decided: { readonly outcome: string; readonly urgency: string; readonly pathway: string | null };
}

/** How a rule set does on referrals that were decided. Facts are read from the record as it is now: what was added after a decision counts too. */
export interface Trial {
  readonly version: number;
  readonly tried: number;
  readonly suggested: number;
  readonly agreed: { readonly urgency: number; readonly pathway: number; readonly both: number };
  readonly byRule: readonly { readonly rule: string; readonly suggested: number; readonly agreed: number }[];
  readonly disagreements: readonly Disagreement[];
}

const SHOWN = 50;

/** Makes versions of a clinic's triage rules, tries them on the past, and puts them in force. */
@Injectable()
export class TriageRules {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    private readonly moves: ReferralMoves,
    private readonly suggestions: TriageSuggestions,
  ) {}

  /** All versions, the newest first; a hundred at most. */
  async list(scope: Scope): Promise<RuleSetView[]> {
    return this.transactions.read(scope, async (tx) => (await tx.em.find(TriageRuleSet, { clinicId: scope.clinicId }, { orderBy: { version: 'desc' }, limit: 100 })).map(viewOf));
  }

  async read(scope: Scope, version: number): Promise<RuleSetView> {
    return this.transactions.read(scope, async (tx) => viewOf(await this.#get(tx, version)));
  }

  /** Keeps a new version as a draft, and returns it. Refuses two rules of one id. */
  async draft(scope: Scope, note: string, rules: readonly TriageRule[]): Promise<RuleSetView> {
    const twice = rules.findIndex(({ id }, index) => rules.findIndex((other) => other.id === id) < index);
    if (twice >= 0) throw invalid('Two rules have the same id.', { code: 'fields', issues: [{ path: `rules.${twice}.id`, message: 'Must differ from the ids before it.' }] });
    return this.transactions.run(scope, async (tx) => {
      await this.#alone(tx);
      const [last] = await tx.em.find(TriageRuleSet, { clinicId: scope.clinicId }, { orderBy: { version: 'desc' }, limit: 1 });
      const row = tx.em.create(TriageRuleSet, {
        clinicId: scope.clinicId, version: (last?.version ?? 0) + 1, state: 'draft', note, rules, createdAt: tx.clock.now(), createdBy: nameOf(scope),
        triedAt: null, liveAt: null, liveBy: null, retiredAt: null,
      });
      await tx.flush();
      await audit(tx, { action: 'create', what: 'triage-rules.draft', purpose: note });
      return viewOf(row);
    });
  }

  /** What the version would have suggested for the last referrals that were decided, and what was decided. Changes none of them. */
  async trial(scope: Scope, version: number, count: number): Promise<Trial> {
    return this.transactions.run(scope, async (tx) => {
      const row = await this.#get(tx, version);
      const settings = await this.moves.settings(tx);
      const past = await tx.em.find(
        Referral,
        { clinicId: scope.clinicId, decisionDueAt: null, $or: [{ acceptedAt: { $ne: null } }, { state: { $in: ['declined', 'redirected'] } }] },
        { orderBy: { id: 'desc' }, limit: count },
      );
      const results: { referral: Referral; suggestion: Suggestion | undefined }[] = [];
      for (const referral of past) results.push({ referral, suggestion: await this.suggestions.of(tx, { name: String(version), rules: row.rules }, referral, settings) });
      row.triedAt = tx.clock.now();
      await audit(tx, { action: 'execute', what: 'triage-rules.trial', patients: [...new Set(past.map(({ patientId }) => patientId))] });
      return summary(version, row.rules, results);
    });
  }

  /** Puts the version in force; the one before is retired. Refuses one that was never tried. */
  async activate(scope: Scope, version: number): Promise<RuleSetView> {
    return this.transactions.run(scope, async (tx) => {
      await this.#alone(tx);
      const row = await this.#get(tx, version);
      if (row.state === 'live') return viewOf(row);
      if (!row.triedAt) throw conflict('Try the rules on past referrals first.', { code: 'triage-rules.not-tried' });
      const now = tx.clock.now();
      const before = await tx.em.findOne(TriageRuleSet, { clinicId: scope.clinicId, state: 'live' });
      if (before) Object.assign(before, { state: 'retired', retiredAt: now });
      await tx.flush();
      Object.assign(row, { state: 'live', liveAt: now, liveBy: nameOf(scope), retiredAt: null });
      await audit(tx, { action: 'update', what: 'triage-rules.activate', purpose: `version ${version}` });
      return viewOf(row);
    });
  }

  async #get(tx: Tx, version: number): Promise<TriageRuleSet> {
    const row = await tx.em.findOne(TriageRuleSet, { clinicId: tx.scope.clinicId, version });
    if (!row) throw notFound('This version of the triage rules');
    return row;
  }

  /** One person at a time makes or activates versions of a clinic. */
  async #alone(tx: Tx): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`triage-rules ${tx.scope.clinicId}`]);
  }
}

const nameOf = ({ actor }: Scope): string => ('name' in actor ? actor.name : actor.id);

const viewOf = ({ version, state, note, rules, createdAt, createdBy, triedAt, liveAt, liveBy, retiredAt }: TriageRuleSet): RuleSetView => ({
  version, state, note, rules, createdAt, createdBy, triedAt: triedAt ?? null, liveAt: liveAt ?? null, liveBy: liveBy ?? null, retiredAt: retiredAt ?? null,
});

function summary(version: number, rules: readonly TriageRule[], results: readonly { readonly referral: Referral; readonly suggestion: Suggestion | undefined }[]): Trial {
  const compared = results.map(({ referral, suggestion }) => {
    const accepted = Boolean(referral.acceptedAt);
    const urgency = accepted && suggestion?.urgency === referral.urgency;
    const pathway = accepted && suggestion?.pathway === referral.pathway;
    return { referral, suggestion, accepted, urgency, pathway, both: urgency && pathway };
  });
  const count = (which: (one: (typeof compared)[number]) => boolean): number => compared.filter(which).length;
  return {
    version,
    tried: results.length,
    suggested: count(({ suggestion }) => suggestion !== undefined),
    agreed: { urgency: count((one) => one.urgency), pathway: count((one) => one.pathway), both: count((one) => one.both) },
    byRule: rules.map(({ id }) => ({ rule: id, suggested: count(({ suggestion }) => suggestion?.rule === id), agreed: count(({ suggestion, both }) => suggestion?.rule === id && both) })),
    disagreements: compared
      .filter(({ both }) => !both)
      .slice(0, SHOWN)
      .map(({ referral, suggestion, accepted }) => ({
        referralId: referral.id,
        rule: suggestion?.rule ?? null,
        suggested: suggestion ? { urgency: suggestion.urgency, pathway: suggestion.pathway } : null,
        decided: { outcome: accepted ? 'accepted' : referral.state, urgency: referral.urgency, pathway: referral.pathway ?? null },
      })),
  };
}
