import { Inject, Injectable } from '@nestjs/common';
import { LockMode } from '@mikro-orm/postgresql';
import { newId, nextState, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { clinicContact, organizationId } from '@cairn/people';
import { Clinics, audit, expectVersion, type Tx } from '@cairn/platform';
import { AgendaItem } from './agenda-item.entity.js';
import { conferenceFacts, conferenceView, itemView, workflowFacts, type ConferenceFacts } from './conference-facts.js';
import { ConferenceTransition } from './conference-transition.entity.js';
import { Conference } from './conference.entity.js';
import { agendaOf, appointmentOf, encounterOf, itemTask, type ConferenceView, type NamedReference } from './conference.fhir.js';
import { quorumRule } from './conference.settings.js';
import { conferenceWorkflow, type ConferenceEvent } from './conference.workflow.js';

/** A conference with its agenda in order. */
export interface Opened {
  readonly conference: Conference;
  readonly items: AgendaItem[];
}

interface Step {
  readonly urgent?: boolean;
  readonly itemId?: string;
  readonly reason?: string;
}

/** Loads conferences, asks the workflow, and writes down each step and its FHIR faces. */
@Injectable()
export class ConferenceLedger {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly clinics: Clinics,
  ) {}

  /** The conference and its agenda, locked for the rest of the transaction. Refuses with `not-found`. */
  async open(tx: Tx, id: string): Promise<Opened> {
    const conference = await tx.em.findOne(Conference, { clinicId: tx.scope.clinicId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!conference) throw notFound('The conference');
    return { conference, items: await this.items(tx, id) };
  }

  /** Like `open`, and refuses with 428 or 412 unless `version` is the one in force. */
  async openAt(tx: Tx, id: string, version: number | undefined): Promise<Opened> {
    const opened = await this.open(tx, id);
    expectVersion(version, opened.conference.version);
    return opened;
  }

  async items(tx: Tx, conferenceId: string): Promise<AgendaItem[]> {
    return tx.em.find(AgendaItem, { clinicId: tx.scope.clinicId, conferenceId }, { orderBy: { position: 'asc' } });
  }

  /** Moves the conference by the event, and writes the step down. Refuses with the workflow's rule. */
  async step(tx: Tx, { conference, items }: Opened, event: ConferenceEvent, { urgent = false, itemId, reason }: Step = {}): Promise<void> {
    const from = conference.state;
    const rule = quorumRule(await this.clinics.get(tx.scope.clinicId));
    conference.state = nextState(conferenceWorkflow, from, event, workflowFacts(conference, items, rule, urgent));
    conference.changes += 1;
    this.record(tx, conference, event, from, itemId, reason);
    await audit(tx, {
      action: 'update',
      what: `conference.${event}`,
      entities: [`Appointment/${conference.id}`, ...(itemId ? [`Task/${itemId}`] : [])],
      patients: [...new Set(items.filter(({ id }) => itemId === undefined || id === itemId).map(({ patientId }) => patientId))],
    });
  }

  record(tx: Tx, conference: Conference, event: ConferenceEvent | 'plan', from: Conference['state'] | null, itemId?: string, reason?: string): void {
    tx.em.create(ConferenceTransition, {
      clinicId: conference.clinicId,
      id: newId(),
      conferenceId: conference.id,
      itemId: itemId ?? null,
      event,
      fromState: from,
      toState: conference.state,
      at: tx.clock.now(),
      actorKind: tx.scope.actor.kind,
      actorId: tx.scope.actor.id,
      reason: reason ?? null,
    });
  }

  /** Writes the FHIR faces: Appointment, Encounter once held, the List, and a Task for each item. */
  async project(tx: Tx, { conference, items }: Opened): Promise<ConferenceView> {
    const view = conferenceView(conference, await this.clinicReference(tx));
    const views = items.map(itemView);
    const now = tx.clock.now();
    await this.store.put(tx, appointmentOf(view));
    const encounter = encounterOf(view);
    if (encounter) await this.store.put(tx, encounter);
    for (const item of views) await this.store.put(tx, itemTask(item, view.state, now));
    await this.store.put(tx, agendaOf(view, views, now));
    return view;
  }

  /** The facts for whoever asks, after everything was written. */
  async answer(tx: Tx, { conference, items }: Opened): Promise<ConferenceFacts> {
    await tx.flush();
    return conferenceFacts(conference, items, quorumRule(await this.clinics.get(tx.scope.clinicId)), tx.scope.actor);
  }

  /** The clinic's Organization. */
  async clinicReference(tx: Tx): Promise<NamedReference> {
    const clinic = await this.clinics.get(tx.scope.clinicId);
    return { reference: `Organization/${organizationId(clinic.id)}`, display: clinicContact(clinic)?.neutralName ?? clinic.name };
  }
}
