import { Inject, Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import { audit, type Actor, type Tx } from '@cairn/platform';
import type { HumanName } from '@medplum/fhirtypes';
import type { ReferralAct } from './actions/referral-act.js';
import { outlookOf } from './actions/referral-outlook.js';
import { ReferralRoutes, type ActRoute } from './actions/referral-routes.service.js';
import { offeredNames, type Target } from './actions/referral.actions.js';
import type { Clocks } from './referral.course.js';
import { Referral, clocksOf } from './referral.entity.js';
import type { AsksFor } from './referral-wish.js';
import type { NotTaken } from './referral-deliveries.service.js';
import { ReferralDuplicates } from './referral-duplicates.service.js';
import { standingClaims, type Claim } from './worklist/referral-claim.js';
import { ReferralTeams } from './worklist/referral-teams.service.js';
import { cursorOf, placeIn, type Place, type WorklistQuery } from './worklist/worklist.js';
import { narrowing, pageStatement } from './worklist/worklist.statement.js';

/** One referral on the worklist. */
export interface WorklistItem {
  readonly id: string;
  readonly patient: PatientLabel;
  readonly state: string;
  readonly urgency: string;
  readonly pathway: string | null;
  /** As the request says by its codes: that the patient be seen, or advice only. */
  readonly asksFor: AsksFor;
  readonly discipline: string | null;
  readonly programme: string | null;
  readonly referrer: string | null;
  /** Primary language subtag. */
  readonly language: string | null;
  readonly receivedAt: Date;
  /** Both clocks, in days. */
  readonly clocks: Clocks;
  readonly targetAt: Date;
  readonly breaching: boolean;
  /** No movement for as long as the clinic allows in this state. */
  readonly stale: boolean;
  readonly redFlags: { readonly hardStops: number; readonly concerns: number };
  readonly missing: number;
  readonly owner: { readonly id: string; readonly name: string } | null;
  readonly team: { readonly id: string; readonly name: string };
  /** Who has it in hands at this moment. */
  readonly claim: Claim | null;
  readonly nextAction: string | null;
  readonly nextActionAt: Date | null;
  /** The requester's EHR has not taken the Task, and since when. Null where it has, or none is to. */
  readonly notTakenByEhr: NotTaken | null;
  readonly version: number;
  /** What this user may do now; the single referral says how. */
  readonly availableActions: readonly ReferralAct[];
}

export interface PatientLabel {
  readonly id: string;
  readonly name: string | null;
  readonly birthDate: string | null;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the following page begins; absent on the last. */
  readonly next?: string;
}

/** What stands beside the row. */
interface Beside {
  readonly patient: PatientLabel | undefined;
  readonly facts: Facts | undefined;
  readonly claim: Claim | undefined;
  readonly routes: readonly ActRoute[];
  /** Others on which nobody has decided yet whether they are this one. */
  readonly others: readonly Target[];
}

interface Facts {
  readonly id: string;
  readonly referrer: string | null;
  readonly language: string | null;
  readonly team: string;
  readonly not_taken: NotTaken | null;
}

interface PageRow {
  readonly id: string;
  readonly rank: number;
  readonly due: string;
}

/** Reads the worklist: red flags first, then what is due first. What is over: the latest first. */
@Injectable()
export class ReferralLists {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly teams: ReferralTeams,
    private readonly routes: ReferralRoutes,
    private readonly duplicates: ReferralDuplicates,
  ) {}

  /** One page of a view. Refuses a cursor that is none. */
  async page(tx: Tx, { view, after, limit, ...filters }: WorklistQuery): Promise<Page<WorklistItem>> {
    const { clinicId, actor } = tx.scope;
    const place = after === undefined ? undefined : placeIn(after);
    const teams = view === 'my-team' ? await this.teams.ofPerson(tx, actor.id) : [];
    const viewer = { clinicId, personId: actor.id, teams, now: tx.clock.now() };
    const rows = await tx.query<PageRow>(pageStatement(view, await narrowing(tx, filters), viewer, place, limit + 1));
    const kept = rows.slice(0, limit);
    const last = rows.length > limit ? kept.at(-1) : undefined;
    const items = await this.items(tx, kept.map(({ id }) => id));
    await audit(tx, { action: 'read', what: `referral.list.${view}`, patients: [...new Set(items.map(({ patient }) => patient.id))] });
    return { items, ...(last ? { next: cursorOf([last.rank, last.due, last.id] satisfies Place) } : {}) };
  }

  /** The referrals as the actor sees them on a list, in the order of their ids. */
  async items(tx: Tx, ids: readonly string[]): Promise<WorklistItem[]> {
    if (ids.length === 0) return [];
    const now = tx.clock.now();
    const found = await tx.em.find(Referral, { clinicId: tx.scope.clinicId, id: { $in: [...ids] } });
    const byId = new Map(found.map((referral) => [referral.id, referral]));
    const labels = await this.labels(tx, found.map(({ patientId }) => patientId));
    const claims = await standingClaims(tx, ids);
    const rows = await tx.query<Facts>({
      name: 'referral-list-facts',
      text: `select r.id, r.referrer, r.language, t.name as team, r.not_taken from referral r join referral_team t on t.clinic_id = r.clinic_id and t.id = r.team_id
        where r.clinic_id = $1 and r.id = any($2)`,
      values: [tx.scope.clinicId, ids],
    });
    const facts = new Map(rows.map((row) => [row.id, row]));
    const others = await this.duplicates.undecidedOf(tx, found.filter(({ suspectedDuplicates }) => suspectedDuplicates > 0));
    return ids.flatMap((id) => {
      const referral = byId.get(id);
      return referral ? [itemOf(referral, { patient: labels.get(referral.patientId), facts: facts.get(id), claim: claims.get(id), routes: this.routes.all, others: others.get(id) ?? [] }, tx.scope.actor, now)] : [];
    });
  }

  /** How the patients are called, by id. Those who cannot be read are left out. */
  async labels(tx: Tx, patientIds: readonly string[]): Promise<Map<string, PatientLabel>> {
    const wanted = [...new Set(patientIds)];
    const patients = await this.store.readAll(tx, wanted.map((id) => `Patient/${id}`));
    return new Map(
      [...patients.values()].flatMap((patient) =>
        patient.resourceType === 'Patient' ? [[patient.id, { id: patient.id, name: nameOf(patient.name), birthDate: patient.birthDate ?? null }] as const] : [],
      ),
    );
  }
}

function nameOf(names: readonly HumanName[] | undefined): string | null {
  const name = names?.find(({ use }) => use === 'official' || use === 'usual') ?? names?.[0];
  if (!name) return null;
  return name.text ?? ([...(name.given ?? []), name.family].filter(Boolean).join(' ') || null);
}

/** The row as the worklist shows it to the actor at `now`. */
const itemOf = (referral: Referral, { patient, facts, claim, routes, others }: Beside, actor: Actor, now: Date): WorklistItem => ({
  id: referral.id,
  patient: patient ?? { id: referral.patientId, name: null, birthDate: null },
  state: referral.state,
  urgency: referral.urgency,
  pathway: referral.pathway ?? null,
  asksFor: referral.asksFor,
  discipline: referral.discipline ?? null,
  programme: referral.programme ?? null,
  referrer: facts?.referrer ?? null,
  language: facts?.language ?? null,
  receivedAt: referral.receivedAt,
  clocks: clocksOf(referral, now),
  targetAt: referral.targetAt,
  breaching: !referral.settledAt && !referral.firstSeenAt && referral.targetAt < now,
  stale: Boolean(referral.staleAt && referral.staleAt < now),
  redFlags: { hardStops: referral.openHardStops, concerns: referral.openConcerns },
  missing: referral.missing.length,
  owner: referral.ownerId && referral.ownerName ? { id: referral.ownerId, name: referral.ownerName } : null,
  team: { id: referral.teamId, name: facts?.team ?? '' },
  claim: claim ?? null,
  nextAction: referral.nextAction ?? null,
  nextActionAt: referral.nextActionAt ?? null,
  notTakenByEhr: facts?.not_taken ?? null,
  version: referral.version,
  availableActions: offeredNames(routes, outlookOf(referral, claim, actor, now), { flag: referral.openHardStops + referral.openConcerns > 0 ? [{ id: 'any' }] : [], other: others }),
});
