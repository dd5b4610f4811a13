import { Inject, Injectable } from '@nestjs/common';
import { conflict, notFound, type Refusal } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import type { ServiceRequest } from '@medplum/fhirtypes';
import { ReferralCare } from './referral-care.service.js';
import { ReferralDecisions } from './referral-decisions.service.js';
import { demandDeed } from './actions/referral-outlook.js';
import type { Target } from './actions/referral.actions.js';
import { asFound } from './referral.course.js';
import { courseOf, Referral } from './referral.entity.js';
import { ReferralDuplicate, type Likeness } from './referral-duplicate.entity.js';
import { duplicateLetter } from './referral.letters.js';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { traitsOf } from './referral-traits.js';

/** A referral is compared with so many others at most. */
const MOST = 20;
/** So many links of a referral are shown at most. */
const MOST_LINKS = 50;

/** Why a referral cannot end as a duplicate of this other; undefined where it can. */
const endsIn = (other: Referral, now: Date): Refusal | undefined =>
  asFound(courseOf(other), now).settledAt
    ? { rule: 'referral.other-is-over', message: 'The other referral is over, so this one cannot go on there. Say that they are separate, or decide on this one.' }
    : undefined;

/** Links referrals that may be one, and carries out what a person says of them. */
@Injectable()
export class ReferralDuplicates {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly decisions: ReferralDecisions,
    private readonly moves: ReferralMoves,
    private readonly care: ReferralCare,
    private readonly projection: ReferralProjection,
  ) {}

  /** Links a referral that has just come in with the open ones of the same patient or person, and with whatever rests on the same request. */
  async look(tx: Tx, referral: Referral, request: ServiceRequest): Promise<void> {
    const { clinicId, id, patientId } = referral;
    const traits = traitsOf(request, await this.store.find(tx, 'Patient', patientId));
    const like = await tx.query<{ id: string; because: Likeness[] }>({
      name: 'referral-duplicates-look',
      text: `select id, array_agg(distinct because order by because) as because from (
          select r.id, 'same-patient' as because from referral r where r.clinic_id = $1 and r.patient_id = $2 and r.settled_at is null
          union all
          select t.referral_id, t.kind from referral_trait t join referral r on r.clinic_id = t.clinic_id and r.id = t.referral_id
            where t.clinic_id = $1 and t.mark = any($3) and (r.settled_at is null or (t.kind = 'same-request' and r.state <> 'entered-in-error'))
        ) l where id <> $4 group by id order by id limit ${MOST}`,
      values: [clinicId, patientId, traits.map(({ mark }) => mark), id],
    });
    if (traits.length > 0) {
      await tx.query({
        name: 'referral-traits-keep',
        text: `insert into referral_trait (clinic_id, mark, kind, referral_id) select $1, t.mark, t.kind, $2 from unnest($3::text[], $4::text[]) as t (mark, kind) on conflict do nothing`,
        values: [clinicId, id, traits.map(({ mark }) => mark), traits.map(({ kind }) => kind)],
      });
    }
    for (const other of like) {
      tx.em.create(ReferralDuplicate, {
        clinicId, earlierId: other.id, laterId: id, because: other.because, state: 'suspected', notedAt: tx.clock.now(), decidedAt: null, decidedBy: null, endedId: null, comment: null,
      });
    }
    if (like.length === 0) return;
    referral.suspectedDuplicates += like.length;
    await tx.flush();
    await tx.query({
      name: 'referral-duplicates-count',
      text: `update referral set suspected_duplicates = suspected_duplicates + 1, version = version + 1 where clinic_id = $1 and id = any($2)`,
      values: [clinicId, like.map((other) => other.id)],
    });
  }

  /** The links of a referral, the earliest other first. */
  async linksOf(tx: Tx, id: string): Promise<ReferralDuplicate[]> {
    return tx.em.find(ReferralDuplicate, { clinicId: tx.scope.clinicId, $or: [{ earlierId: id }, { laterId: id }] }, { orderBy: { earlierId: 'asc', laterId: 'asc' }, limit: MOST_LINKS });
  }

  /** For each referral the others on which nobody has decided yet, each with what is against ending the referral as its duplicate. */
  async undecidedOf(tx: Tx, referrals: readonly Referral[]): Promise<Map<string, Target[]>> {
    if (referrals.length === 0) return new Map();
    const { clinicId } = tx.scope;
    const ids = referrals.map(({ id }) => id);
    const links = await tx.em.find(ReferralDuplicate, { clinicId, state: 'suspected', $or: [{ earlierId: { $in: ids } }, { laterId: { $in: ids } }] }, { orderBy: { earlierId: 'asc', laterId: 'asc' }, limit: ids.length * MOST_LINKS });
    const others = await tx.em.find(Referral, { clinicId, id: { $in: [...new Set(links.flatMap(({ earlierId, laterId }) => [earlierId, laterId]))] } }, { orderBy: { id: 'asc' } });
    const now = tx.clock.now();
    return new Map(
      ids.map((id) => {
        const linked = new Set(links.flatMap(({ earlierId, laterId }) => (earlierId === id ? laterId : laterId === id ? earlierId : [])));
        return [id, others.filter((other) => linked.has(other.id)).map((other) => ({ id: other.id, objection: endsIn(other, now) }))];
      }),
    );
  }

  /**
   * The referral is the same as the other: it ends with a coded reason that its referrer is told, and the other goes on. Refuses where no link waits for a
   * decision, where the other is over, and where the workflow lets this one not end (a patient in care: end the other instead).
   */
  async confirm(scope: Scope, id: string, otherId: string, comment: string, version: number): Promise<void> {
    await this.#decide(scope, id, otherId, version, async (tx, referral, other, link) => {
      const objection = endsIn(other, tx.clock.now());
      if (objection) throw conflict(objection.message, { code: objection.rule });
      const words = 'A duplicate of another referral, which goes on.';
      await this.moves.move(tx, referral, 'close-duplicate', { reason: { code: 'duplicate', text: words }, comment });
      await this.care.endVisit(tx, referral, 'cancelled', words);
      await this.projection.tell(tx, referral, await this.moves.settings(tx), duplicateLetter(other.id));
      Object.assign(link, { state: 'duplicate', endedId: referral.id, comment });
    });
  }

  /** The two are separate: both go on, and the link no longer asks. */
  async dismiss(scope: Scope, id: string, otherId: string, comment: string, version: number | undefined): Promise<void> {
    await this.#decide(scope, id, otherId, version, async (tx, referral, _other, link) => {
      await demandDeed(tx, referral, 'dismiss-duplicate');
      Object.assign(link, { state: 'separate', comment });
    });
  }

  async #decide(
    scope: Scope,
    id: string,
    otherId: string,
    version: number | undefined,
    act: (tx: Tx, referral: Referral, other: Referral, link: ReferralDuplicate) => Promise<void>,
  ): Promise<void> {
    await this.transactions.run(scope, async (tx) => {
      // Always in the same order, so that two people who decide on the two sides do not wait for each other.
      const [first, second] = [id, otherId].sort();
      const locked = new Map<string, Referral>();
      for (const each of [first, second]) if (each) locked.set(each, await this.decisions.lock(tx, each, each === id ? version : undefined));
      const [referral, other] = [locked.get(id), locked.get(otherId)];
      const link = (await this.linksOf(tx, id)).find(({ earlierId, laterId }) => earlierId === otherId || laterId === otherId);
      if (!referral || !other || !link) throw notFound('The link between these two referrals');
      if (link.state !== 'suspected') throw conflict(`${link.decidedBy ?? 'Somebody'} has decided on this already.`, { code: 'referral.duplicate-decided' });
      const { actor } = tx.scope;
      await act(tx, referral, other, link);
      Object.assign(link, { decidedAt: tx.clock.now(), decidedBy: 'name' in actor ? actor.name : actor.id });
      for (const row of [referral, other]) row.suspectedDuplicates = Math.max(0, row.suspectedDuplicates - 1);
      await audit(tx, { action: 'update', what: `referral.duplicate-${link.state}`, entities: [`Task/${referral.taskId}`, `Task/${other.taskId}`], patients: [...new Set([referral.patientId, other.patientId])] });
      await tx.flush();
    });
  }
}
