import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { conflict, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import type { ProposalAcceptance } from './referral.acts.js';
import { ReferralLists, type Page, type PatientLabel } from './referral.queries.js';
import { ReferralProposal } from './referral-proposal.entity.js';
import { ReferralRegistration } from './referral-registration.service.js';

/** A proposal as a coordinator sees it. */
export interface ProposalView {
  readonly id: string;
  readonly patient: PatientLabel;
  readonly encounterId: string;
  readonly procedureId: string;
  readonly evidence: readonly string[];
  readonly state: string;
  readonly notedAt: Date;
  readonly decidedBy: string | null;
  readonly comment: string | null;
  readonly referralId: string | null;
  readonly availableActions: readonly { readonly action: string; readonly method: 'POST'; readonly href: string }[];
}

/** Which page of the proposals is asked for. */
export interface ProposalsQuery {
  readonly state: 'open' | 'accepted' | 'dismissed';
  readonly after?: string | undefined;
  readonly limit: number;
}

/** What coordinators do with proposals of referrals. */
@Injectable()
export class ReferralProposals {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly lists: ReferralLists,
    private readonly registration: ReferralRegistration,
  ) {}

  /** One page, the oldest first. */
  async list(scope: Scope, { state, after, limit }: ProposalsQuery): Promise<Page<ProposalView>> {
    return this.transactions.run(scope, async (tx) => {
      const rows = await tx.em.find(ReferralProposal, { clinicId: scope.clinicId, state, ...(after ? { id: { $gt: after } } : {}) }, { orderBy: { id: 'asc' }, limit: limit + 1 });
      const kept = rows.slice(0, limit);
      const last = rows.length > limit ? kept.at(-1) : undefined;
      await audit(tx, { action: 'read', what: 'referral-proposal.list', patients: [...new Set(kept.map(({ patientId }) => patientId))] });
      return { items: await this.#views(tx, kept), ...(last ? { next: last.id } : {}) };
    });
  }

  /** Makes a referral of it, placed by Cairn for the hospital that discharged the patient. Returns the referral's id. Refuses what was decided before. */
  async accept(scope: Scope, id: string, { urgency, comment }: ProposalAcceptance): Promise<string> {
    return this.#decide(scope, id, 'accepted', comment, async (tx, proposal) => {
      const encounter = await this.store.find(tx, 'Encounter', proposal.encounterId);
      return this.registration.registerIn(
        tx,
        {
          patient: { id: proposal.patientId },
          referrer: { name: encounter?.serviceProvider?.display ?? 'The hospital of the last stay' },
          receivedBy: 'discharge',
          urgency,
          reason: 'Pain continues after the procedure.',
          information: {},
          redFlags: [],
        },
        [`Encounter/${proposal.encounterId}`, `Procedure/${proposal.procedureId}`, ...proposal.evidence],
      );
    });
  }

  /** It becomes no referral; the same procedure is not proposed again. */
  async dismiss(scope: Scope, id: string, comment: string): Promise<void> {
    await this.#decide(scope, id, 'dismissed', comment, () => Promise.resolve(null));
  }

  async #decide<Made extends string | null>(scope: Scope, id: string, state: 'accepted' | 'dismissed', comment: string, act: (tx: Tx, proposal: ReferralProposal) => Promise<Made>): Promise<Made> {
    return this.transactions.run(scope, async (tx) => {
      const proposal = await tx.em.findOne(ReferralProposal, { clinicId: scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!proposal) throw notFound('The proposal');
      if (proposal.state !== 'open') throw conflict(`${proposal.decidedBy ?? 'Somebody'} has decided on this proposal already.`, { code: 'referral-proposal.decided' });
      const made = await act(tx, proposal);
      Object.assign(proposal, { state, comment, decidedAt: tx.clock.now(), decidedBy: 'name' in scope.actor ? scope.actor.name : scope.actor.id, referralId: made });
      await audit(tx, { action: 'update', what: `referral-proposal.${state}`, entities: [`Encounter/${proposal.encounterId}`], patients: [proposal.patientId], purpose: comment });
      return made;
    });
  }

  async #views(tx: Tx, rows: readonly ReferralProposal[]): Promise<ProposalView[]> {
    const labels = await this.lists.labels(tx, rows.map(({ patientId }) => patientId));
    return rows.map(({ id, patientId, encounterId, procedureId, evidence, state, notedAt, decidedBy, comment, referralId }) => ({
      id,
      patient: labels.get(patientId) ?? { id: patientId, name: null, birthDate: null },
      encounterId, procedureId, evidence, state, notedAt,
      decidedBy: decidedBy ?? null, comment: comment ?? null, referralId: referralId ?? null,
      availableActions: state === 'open' ? (['acceptance', 'dismissal'] as const).map((action) => ({ action, method: 'POST' as const, href: `/api/v1/referral-proposals/${id}/${action}` })) : [],
    }));
  }
}
