import { seededPractitionerId } from '@cairn/people';
import type { TestApp } from './app.js';
import { Staff, type ApiReply } from './referral-factory.js';

/** The part of a conference's answer that tests look at. */
export interface ConferenceAnswer {
  readonly id: string;
  readonly state: string;
  readonly version: number;
  readonly quorum: { met: boolean; missing: string[][] };
  readonly items: ItemAnswer[];
  readonly signed: { sha256: string; signature: string; by: string } | null;
  readonly availableActions: string[];
  readonly code?: string;
  readonly errors?: { field: string; message: string }[];
}

export interface ItemAnswer {
  readonly id: string;
  readonly conferenceId: string | null;
  readonly patientId: string;
  readonly question: string;
  readonly source: string;
  readonly late: boolean;
  readonly outcome: string | null;
  readonly version: number;
}

export interface RecommendationAnswer {
  readonly id: string;
  readonly itemId: string;
  readonly code: string;
  readonly state: string;
  readonly referralId: string | null;
  readonly dueDate: string;
  readonly owner: { name: string };
  readonly availableActions: string[];
  readonly version: number;
}

/** The demo team by its discipline, as practitioner ids. */
export const team = (app: TestApp): Record<'physician' | 'psychologist' | 'physiotherapist' | 'lead', string> => ({
  physician: seededPractitionerId(app.clinicId, 'Demo physician'),
  psychologist: seededPractitionerId(app.clinicId, 'Demo psychologist'),
  physiotherapist: seededPractitionerId(app.clinicId, 'Demo physiotherapist'),
  lead: seededPractitionerId(app.clinicId, 'Demo conference lead'),
});

/** Somebody who leads conferences at the REST interface, always at the present version unless told otherwise. */
export class ConferenceLead extends Staff {
  constructor(
    private readonly of: TestApp,
    authorization: string,
  ) {
    super(of, authorization);
  }

  /** Plans a conference for the day after `today`. Fails the test unless it was planned. */
  async plan(today: Date, title = 'Tuesday conference'): Promise<ConferenceAnswer> {
    const startsAt = new Date(today.getTime() + 86_400_000);
    const { body, status } = await this.call<ConferenceAnswer>('POST', '/conferences', {
      title,
      startsAt: startsAt.toISOString(),
      endsAt: new Date(startsAt.getTime() + 3_600_000).toISOString(),
      invited: Object.values(team(this.of)),
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body;
  }

  get = (id: string): Promise<ApiReply<ConferenceAnswer>> => this.call<ConferenceAnswer>('GET', `/conferences/${id}`);

  add = (id: string, item: object): Promise<ApiReply<ConferenceAnswer>> => this.call<ConferenceAnswer>('POST', `/conferences/${id}/agenda-items`, { question: 'Which way forward?', source: 'referral', ...item });

  /** Tries an act at the present version. */
  async tryTo(id: string, act: string, body?: object): Promise<ApiReply<ConferenceAnswer>> {
    const { etag } = await this.get(id);
    return this.call<ConferenceAnswer>('POST', `/conferences/${id}/${act}`, body, etag ?? undefined);
  }

  /** Does it. Fails the test unless it was done. */
  async do(id: string, act: string, body?: object): Promise<ConferenceAnswer> {
    const reply = await this.tryTo(id, act, body);
    if (reply.status >= 300) throw new Error(`${act}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  attend = (id: string, present: readonly string[]): Promise<ApiReply<ConferenceAnswer>> =>
    this.call<ConferenceAnswer>('PUT', `/conferences/${id}/attendance`, { attendees: present.map((practitionerId) => ({ practitionerId })) });

  decide = (id: string, itemId: string, decision: object): Promise<ApiReply<ItemAnswer & ConferenceAnswer>> => this.call('PUT', `/conferences/${id}/agenda-items/${itemId}/decision`, decision);
}

/** A decision with one recommendation. */
export const decision = (ownerId: string, dueDate: string, rest: object = {}): object => ({
  outcome: 'decided',
  rationale: 'Fear of movement keeps the patient from work.',
  votes: { for: 3, against: 0, abstained: 0 },
  recommendations: [{ code: 'physiotherapy', detail: 'Graded exposure, twice a week', ownerId, dueDate }],
  ...rest,
});
