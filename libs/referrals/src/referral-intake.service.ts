import { Injectable } from '@nestjs/common';
import { invalid, newId } from '@cairn/kernel';
import { audit, type Tx } from '@cairn/platform';
import type { ServiceRequest, Task } from '@medplum/fhirtypes';
import { beginCourse } from './referral.course.js';
import type { Face } from './referral.dialect.js';
import { Referral } from './referral.entity.js';
import { REFERRAL_RECEIVED } from './referral.events.js';
import { arrange, idsOf, ReferralMoves, transition } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { idIn, requestKeys } from './referral-recognition.js';
import { ReferralDuplicates } from './referral-duplicates.service.js';
import { ReferralSafety } from './referral-safety.service.js';
import { ReferralScreening, type ToldFlag } from './referral-screening.service.js';
import { ReferralSources } from './referral-sources.service.js';
import { TriageSuggestions } from './triage-suggestions.service.js';
import type { Urgency } from './referral.settings.js';
import { ReferralTeams } from './worklist/referral-teams.service.js';

type Placed = ServiceRequest & { readonly id: string };

/** What is known of a referral besides its request, when it comes in. */
export interface Arrival {
  /** The Task that the requester sent; Cairn makes one when there is none. */
  readonly task?: (Task & { readonly id: string }) | undefined;
  /** Cairn placed the request itself, for somebody who phoned or wrote. */
  readonly registered?: { readonly id: string; readonly receivedAt: Date; readonly comment: string; readonly flags: readonly ToldFlag[] };
}

/** Takes referrals in: each request once, however often and by whichever route it arrives. */
@Injectable()
export class ReferralIntake {
  constructor(
    private readonly moves: ReferralMoves,
    private readonly screening: ReferralScreening,
    private readonly projection: ReferralProjection,
    private readonly sources: ReferralSources,
    private readonly safety: ReferralSafety,
    private readonly duplicates: ReferralDuplicates,
    private readonly suggestions: TriageSuggestions,
    private readonly teams: ReferralTeams,
  ) {}

  /** The referral of this request, by its place in the store or the placer's number; undefined when it is none yet. Waits for another transaction that takes the same one in. */
  async known(tx: Tx, request: Placed): Promise<string | undefined> {
    const keys = requestKeys(request, connectionOf(tx));
    await tx.query(`select pg_advisory_xact_lock(hashtextextended(key, 0)) from (select unnest($1::text[]) as key order by 1) k`, [keys.map((key) => `${tx.scope.clinicId} ${key}`)]);
    const [row] = await tx.query<{ referral_id: string }>(`select referral_id from referral_key where clinic_id = $1 and key = any($2) limit 1`, [tx.scope.clinicId, keys]);
    if (row) await this.#remember(tx, row.referral_id, keys);
    return row?.referral_id;
  }

  /**
   * Opens a referral for a request that is not known: checked for completeness and red flags, on the worklist, its Task received. Refuses with `invalid` a
   * request without a patient in this store.
   */
  async receive(tx: Tx, request: Placed, { task, registered }: Arrival): Promise<Referral> {
    const settings = await this.moves.settings(tx);
    const patientId = idIn(request.subject, 'Patient');
    if (patientId === undefined) {
      throw invalid('A referral needs a patient of this store.', { code: 'referral.patient', issues: [{ path: 'ServiceRequest.subject', message: 'Refer to a Patient that was sent here, as Patient/<id>.' }] });
    }
    const connectionId = connectionOf(tx);
    const now = tx.clock.now();
    const { dialect } = await this.sources.get(tx, connectionId);
    const referral = tx.em.create(Referral, {
      clinicId: tx.scope.clinicId,
      id: registered?.id ?? newId(),
      patientId,
      serviceRequestId: request.id,
      taskId: task?.id ?? newId(),
      connectionId,
      dialect,
      placedHere: registered !== undefined,
      taskMadeHere: task === undefined,
      ...beginCourse(now, registered?.receivedAt ?? now, false),
      urgency: request.priority ?? task?.priority ?? ('routine' satisfies Urgency),
      pathway: null,
      targetAt: now,
      decision: null,
      reasonCode: null,
      reasonText: null,
      outcome: null,
      missing: [],
      screenedWith: '',
      openHardStops: 0,
      openConcerns: 0,
      suggestion: null,
      waitingAskAt: null,
      waitingAskedAt: null,
      waitingAnswer: null,
      referrerWroteAt: null,
      conversionAgreed: null,
      suspectedDuplicates: 0,
      informationStep: null,
      informationDueAt: null,
      reviewDueAt: null,
      reviewEscalatedAt: null,
      rank: 2,
      ownerId: null,
      ownerName: null,
      nextAction: null,
      nextActionAt: null,
      teamId: await this.teams.pool(tx),
      teamChosen: false,
      discipline: null,
      programme: null,
      routingChosen: false,
      asksFor: 'care',
      staleAt: null,
      staleNotedAt: null,
      attachments: 0,
      appointmentId: null,
      appointmentAt: null,
      version: 1,
    });
    arrange(referral, settings, now);
    tx.em.persist(referral);
    await tx.flush();
    await this.#remember(tx, referral.id, requestKeys(request, connectionId));
    const { hardStops, record } = await this.screening.look(tx, referral, settings, registered?.flags);
    tx.em.persist(transition(tx, referral, 'receive', null, now, { comment: registered?.comment }));
    if (task) await this.projection.show(tx, referral, settings, placedFace(task));
    else await this.projection.createTask(tx, referral, request, settings);
    await this.safety.report(tx, referral, settings, hardStops);
    await this.duplicates.look(tx, referral, request);
    await this.suggestions.note(tx, referral, settings, record);
    await audit(tx, { action: 'create', what: 'referral.receive', entities: [`ServiceRequest/${request.id}`, `Task/${referral.taskId}`], patients: [patientId] });
    await tx.emit(REFERRAL_RECEIVED, idsOf(referral));
    await tx.flush();
    return referral;
  }

  /**
   * Takes over the requester's own Task for a referral that had to begin without one: the Task that Cairn made ends, and theirs is brought to where the referral
   * is. A second Task of the requester for the same request, or one for a referral that is over, stays as it was sent.
   */
  async adoptTask(tx: Tx, referralId: string, task: Task & { readonly id: string }): Promise<void> {
    const referral = await this.moves.lock(tx, referralId);
    if (referral.taskId === task.id || !referral.taskMadeHere || referral.settledAt) return;
    const settings = await this.moves.settings(tx);
    await this.projection.supersedeTask(tx, referral, settings);
    Object.assign(referral, { taskId: task.id, taskMadeHere: false });
    await this.projection.show(tx, referral, settings, placedFace(task));
    await tx.flush();
  }

  async #remember(tx: Tx, referralId: string, keys: readonly string[]): Promise<void> {
    await tx.query(
      `insert into referral_key (clinic_id, key, referral_id) select $1, unnest($2::text[]), $3 on conflict (clinic_id, key) do nothing`,
      [tx.scope.clinicId, [...keys].sort(), referralId],
    );
  }
}

const connectionOf = ({ scope: { actor } }: Tx): string | null => (actor.kind === 'system' ? actor.connectionId : null);

/** Where a Task that was just placed begins. A businessStatus that it brings along tells of nothing done here (HL7's own BSeR example says "completed"), so it bars no way. */
const placedFace = ({ status }: Task): Face => ({ status });
