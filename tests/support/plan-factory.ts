import type { MedicationRequest, Patient } from '@medplum/fhirtypes';
import type { FhirClient } from './fhir-client.js';
import type { ApiReply, Staff } from './referral-factory.js';

/** The parts of a plan's answer that tests look at. */
export interface PlanAnswer {
  readonly id: string;
  readonly patientId: string;
  readonly referralId: string | null;
  readonly state: string;
  readonly title: string;
  readonly summary: string | null;
  readonly revision: number;
  readonly version: number;
  readonly owner: { practitionerId: string | null; name: string };
  readonly nextAction: string | null;
  readonly nextAt: string | null;
  readonly agreement: { by: string; how: string; toPresentWording: boolean } | null;
  readonly goals: { id: string; description: string; lifecycle: string; achievement: string | null; milestones: { text: string; reachedOn: string | null }[] }[];
  readonly activities: { id: string; kind: string; discipline: string; description: string; status: string; reference: string | null; recommendationId: string | null; goalIds: string[]; owner: unknown }[];
  readonly review: { id: string; state: string; dueAt: string; rule: string; because: string } | null;
  readonly availableActions: string[];
}

/** The parts of a review's answer that tests look at. */
export interface ReviewAnswer {
  readonly id: string;
  readonly planId: string;
  readonly state: string;
  readonly dueAt: string;
  readonly graceUntil: string;
  readonly rule: string;
  readonly because: string;
  readonly version: number;
  readonly heldBy: string | null;
  readonly availableActions: string[];
  readonly results: {
    outcomes: { instrument: string; trend: string | null; points: string | null }[];
    problemSolving: string[];
    medication: { mme: { status: string; perDay?: number } };
    difference: { goals: { added: unknown[] }; activities: { added: { description: string }[]; removed: unknown[]; changed: unknown[] } };
    revision: number;
  } | null;
}

/** An answer of /api/v1 that tells an error. */
export interface Problem {
  readonly code: string;
  readonly errors?: { field: string; message: string }[];
}

const DAY_MS = 86_400_000;
export const days = (count: number): number => count * DAY_MS;

/** A patient whom a hospital sent. */
export const newPatient = (fhir: FhirClient, more: Partial<Patient> = {}): Promise<string> =>
  fhir.create({ resourceType: 'Patient', name: [{ family: 'Example', given: ['Robin'] }], birthDate: '1970-01-01', ...more });

export const goal = { description: 'Walk the dog', measure: 'Minutes walked', target: { value: 15, unit: 'min' }, milestones: [{ text: 'Five minutes' }] };
export const physiotherapy = { kind: 'treatment', discipline: 'physiotherapy', description: 'Graded walking', owner: { name: 'P. Therapist' }, cadence: { times: 2, every: 1, unit: 'week' } };
export const injection = { kind: 'treatment', discipline: 'interventional', description: 'Facet joint injection', owner: { name: 'I. Nterventionist' } };

/** A prescription in force, as a hospital writes it. */
export const prescription = (patientId: string, name: string, timesPerDay: number, more: Partial<MedicationRequest> = {}): MedicationRequest => ({
  resourceType: 'MedicationRequest',
  status: 'active',
  intent: 'order',
  subject: { reference: `Patient/${patientId}` },
  authoredOn: '2020-01-01',
  medicationCodeableConcept: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', display: name }] },
  dosageInstruction: [{ timing: { repeat: { frequency: timesPerDay, period: 1, periodUnit: 'd' } }, doseAndRate: [{ doseQuantity: { value: 1, unit: 'TAB' } }] }],
  ...more,
});

/** What staff do with plans and their reviews, each act at the version that stands now. */
export class PlanDesk {
  constructor(readonly staff: Staff) {}

  async draft(body: object): Promise<PlanAnswer> {
    return taken(await this.staff.call<PlanAnswer>('POST', '/plans', body), 201);
  }

  read = async (id: string): Promise<PlanAnswer> => taken(await this.staff.call<PlanAnswer>('GET', `/plans/${id}`));
  readReview = async (id: string): Promise<ReviewAnswer> => taken(await this.staff.call<ReviewAnswer>('GET', `/plan-reviews/${id}`));

  /** Tries an act, and answers whatever comes. */
  async attempt<Body = Problem>(id: string, act: string, body: object = {}): Promise<ApiReply<Body>> {
    const { etag } = await this.staff.call('GET', `/plans/${id}`);
    return this.staff.call<Body>('POST', `/plans/${id}/${act}`, body, etag ?? undefined);
  }

  act = async (id: string, act: string, body: object = {}): Promise<PlanAnswer> => taken(await this.attempt<PlanAnswer>(id, act, body));

  async attemptReview<Body = Problem>(id: string, act: string, body: object = {}): Promise<ApiReply<Body>> {
    const { etag } = await this.staff.call('GET', `/plan-reviews/${id}`);
    return this.staff.call<Body>('POST', `/plan-reviews/${id}/${act}`, body, etag ?? undefined);
  }

  actReview = async (id: string, act: string, body: object = {}): Promise<ReviewAnswer> => taken(await this.attemptReview<ReviewAnswer>(id, act, body));

  /** A plan in force with one goal and the activities given. */
  async activePlan(patientId: string, activities: readonly object[] = [physiotherapy]): Promise<PlanAnswer> {
    const { id } = await this.draft({ patientId, goals: [goal], activities });
    await this.act(id, 'agreement', { by: 'patient', how: 'in-person' });
    return this.act(id, 'activation');
  }

  /** What completes a review of this plan: goals as said, every open activity goes on. */
  completion({ goals, activities }: PlanAnswer, achievement = 'improving'): Record<string, unknown> & { activities: object[] } {
    const over = ['completed', 'cancelled', 'stopped', 'entered-in-error'];
    return {
      goals: goals.filter(({ lifecycle }) => lifecycle === 'active').map(({ id }) => ({ goalId: id, achievement })),
      activities: activities.filter(({ status }) => !over.includes(status)).map(({ id }) => ({ activityId: id, decision: 'continue' })),
      summary: 'Talked through the weeks behind.',
      nextStep: 'Walk ten minutes on three days',
      agreement: { by: 'patient', how: 'in-person' },
    };
  }
}

function taken<Body>({ status, body }: ApiReply<Body>, expected = 200): Body {
  if (status !== expected) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
}
