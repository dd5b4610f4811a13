import { Inject, Injectable } from '@nestjs/common';
import { availableEvents } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { audit, type Actor, type Tx } from '@cairn/platform';
import type { HumanName } from '@medplum/fhirtypes';
import type { Clocks } from './referral.course.js';
import { circumstancesOf } from './referral-circumstances.js';
import { Referral, clocksOf } from './referral.entity.js';
import { referralMachine } from './referral.workflow.js';
import { OPEN_VIEWS, VIEWS, cursorOf, placeIn, type View, type WorklistQuery } from './worklist.js';

/** One referral on the worklist. */
export interface WorklistItem {
  readonly id: string;
  readonly patient: PatientLabel;
  readonly state: string;
  readonly urgency: string;
  readonly pathway: string | null;
  readonly receivedAt: Date;
  /** Both clocks, in days. */
  readonly clocks: Clocks;
  readonly targetAt: Date;
  readonly breaching: boolean;
  readonly redFlags: { readonly hardStops: number; readonly concerns: number };
  readonly missing: number;
  readonly owner: { readonly id: string; readonly name: string } | null;
  readonly nextAction: string | null;
  readonly nextActionAt: Date | null;
  readonly version: number;
  /** What this user may do now; the single referral says how. */
  readonly availableActions: readonly string[];
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

/** A number up to 1,000; `atLeast` says that there are more. */
export interface Count {
  readonly count: number;
  readonly atLeast: boolean;
}

/** What each view shows. $2 is the user, $3 now. */
const CONDITIONS: Readonly<Record<View, string>> = {
  open: 'settled_at is null',
  unassigned: 'settled_at is null and owner_id is null',
  mine: 'settled_at is null and owner_id = $2',
  'red-flags': 'settled_at is null and rank < 2',
  breaching: 'settled_at is null and first_seen_at is null and target_at < $3',
  'waiting-for-information': `settled_at is null and state = 'information-requested'`,
  waitlisted: `settled_at is null and state = 'waitlisted'`,
  'to-book': `settled_at is null and state in ('accepted', 'to-rebook') and decision_due_at is null`,
  stale: 'settled_at is null and next_action_at < $3',
  returned: `settled_at is not null and state in ('declined', 'redirected')`,
  'closed-this-week': `settled_at is not null and settled_at > $3::timestamptz - interval '7 days'`,
};

/** Names the user and the time in every statement, whether the view asks for them or not: PostgreSQL refuses a parameter whose type it cannot tell. */
const PARAMETERS = '$2::text is not null and $3::timestamptz is not null';
const COUNTED = 1000;

/** Reads the worklist: red flags first, then what is due first. What is over: the latest first. */
@Injectable()
export class ReferralLists {
  constructor(@Inject(FhirStore) private readonly store: FhirStore) {}

  /** One page of a view. Refuses a cursor that is none. */
  async page(tx: Tx, { view, urgency, patient, after, limit }: WorklistQuery): Promise<Page<WorklistItem>> {
    const now = tx.clock.now();
    const open = (OPEN_VIEWS as readonly string[]).includes(view);
    const place = after === undefined ? undefined : placeIn(after);
    const order = open ? 'rank, next_action_at, id' : 'settled_at desc, id desc';
    const beyond = open ? '(rank, next_action_at, id) > ($7::smallint, $8::timestamptz, $9::uuid)' : '(settled_at, id) < ($8::timestamptz, $9::uuid)';
    const ids = await tx.query<{ id: string }>({
      name: `referral-list-${view}-${urgency ? 'u' : ''}${patient ? 'p' : ''}${place ? 'n' : ''}`,
      text: `select id from referral where clinic_id = $1 and ${PARAMETERS} and ${CONDITIONS[view]}
        and ${urgency ? 'urgency = $4' : '$4::text is null'} and ${patient ? 'patient_id = $5' : '$5::text is null'}
        ${place ? `and $7::smallint is not null and ${beyond}` : ''}
        order by ${order} limit $6`,
      values: [tx.scope.clinicId, tx.scope.actor.id, now, urgency ?? null, patient ?? null, limit + 1, ...(place ?? [])],
    });
    const found = await tx.em.find(Referral, { clinicId: tx.scope.clinicId, id: { $in: ids.map(({ id }) => id) } });
    const byId = new Map(found.map((referral) => [referral.id, referral]));
    const listed = ids.flatMap(({ id }) => byId.get(id) ?? []);
    const kept = listed.slice(0, limit);
    const last = listed.length > limit ? kept.at(-1) : undefined;
    const labels = await this.labels(tx, kept.map(({ patientId }) => patientId));
    await audit(tx, { action: 'read', what: `referral.list.${view}`, patients: [...labels.keys()] });
    return {
      items: kept.map((referral) => itemOf(referral, labels.get(referral.patientId), tx.scope.actor, now)),
      ...(last ? { next: cursorOf([last.rank, (open ? last.nextActionAt : last.settledAt)?.toISOString() ?? '', last.id]) } : {}),
    };
  }

  /** How many referrals each view holds, exact up to 1,000. */
  async counts(tx: Tx): Promise<Record<View, Count>> {
    const counted = VIEWS.map((view) => `(select count(*)::int from (select 1 from referral where clinic_id = $1 and ${CONDITIONS[view]} limit ${COUNTED + 1}) v) as "${view}"`);
    const [row] = await tx.query<Record<View, number>>({
      name: 'referral-counts',
      text: `select ${counted.join(', ')} where ${PARAMETERS}`,
      values: [tx.scope.clinicId, tx.scope.actor.id, tx.clock.now()],
    });
    const countOf = (count: number): Count => ({ count: Math.min(count, COUNTED), atLeast: count > COUNTED });
    return Object.fromEntries(VIEWS.map((view) => [view, countOf(row?.[view] ?? 0)])) as Record<View, Count>;
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
export const itemOf = (referral: Referral, patient: PatientLabel | undefined, actor: Actor, now: Date): WorklistItem => ({
  id: referral.id,
  patient: patient ?? { id: referral.patientId, name: null, birthDate: null },
  state: referral.state,
  urgency: referral.urgency,
  pathway: referral.pathway ?? null,
  receivedAt: referral.receivedAt,
  clocks: clocksOf(referral, now),
  targetAt: referral.targetAt,
  breaching: !referral.settledAt && !referral.firstSeenAt && referral.targetAt < now,
  redFlags: { hardStops: referral.openHardStops, concerns: referral.openConcerns },
  missing: referral.missing.length,
  owner: referral.ownerId && referral.ownerName ? { id: referral.ownerId, name: referral.ownerName } : null,
  nextAction: referral.nextAction ?? null,
  nextActionAt: referral.nextActionAt ?? null,
  version: referral.version,
  availableActions: availableEvents(referralMachine, referral.state, circumstancesOf(actor, referral, now)),
});
