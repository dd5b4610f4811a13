import { Inject, Injectable } from '@nestjs/common';
import { availableEvents, conflict, notFound } from '@cairn/kernel';
import { PatientLinks } from '@cairn/people';
import { CLOCK, CONFIG, Transactions, audit, may, type Config, type MovableClock, type Scope, type Tx } from '@cairn/platform';
import { AssessmentAnswers } from './assessment-answers.service.js';
import { workflowFacts, type AssessmentFacts } from './assessment-facts.js';
import { assessmentWorkflow } from './assessment.workflow.js';
import { Assessments, type AssessmentRequest } from './assessments.service.js';
import { instrumentOf } from './instrument.js';
import rules from './outcome-rules.json' with { type: 'json' };
import { ANSWER_LINK } from './outcomes.events.js';
import { OutcomeLists, type Page } from './outcomes.queries.js';
import type { SafetyAlertFacts } from './safety-alert-facts.js';
import { Trends, type PatientTrend } from './trends.queries.js';

const DAY_MS = 86_400_000;

/** What a person may do with an assessment now: record the answers, or make a link for the patient. */
type AssessmentAction = 'answer' | 'link';

export type OfferedAssessment = AssessmentFacts & { readonly availableActions: readonly AssessmentAction[] };

type ListQuery = Parameters<OutcomeLists['assessments']>[1];

/** Assessments as the clinic's people work with them. */
@Injectable()
export class AssessmentDesk {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: MovableClock,
    private readonly transactions: Transactions,
    private readonly assessments: Assessments,
    private readonly answering: AssessmentAnswers,
    private readonly lists: OutcomeLists,
    private readonly trends: Trends,
    private readonly links: PatientLinks,
  ) {}

  async request(scope: Scope, request: AssessmentRequest): Promise<OfferedAssessment> {
    return this.#offer(scope, await this.transactions.run(scope, (tx) => this.assessments.request(tx, request)));
  }

  /** Refuses with `not-found`. */
  async read(scope: Scope, id: string): Promise<OfferedAssessment> {
    const assessment = await this.transactions.run(scope, async (tx) => {
      const found = await this.#find(tx, id);
      await audit(tx, { action: 'read', what: 'assessment.read', entities: [`Task/${id}`], patients: [found.patientId] });
      return found;
    });
    return this.#offer(scope, assessment);
  }

  async list(scope: Scope, query: ListQuery): Promise<Page<OfferedAssessment>> {
    const page = await this.transactions.run(scope, (tx) => this.lists.assessments(tx, query));
    return { ...page, items: page.items.map((assessment) => this.#offer(scope, assessment)) };
  }

  /** Records answers given together with the patient. Refusals are those of {@link AssessmentAnswers.answer}. */
  async answer(scope: Scope, id: string, answers: Readonly<Record<string, unknown>>): Promise<{ assessment: OfferedAssessment; alerts: readonly SafetyAlertFacts[] }> {
    const { assessment, alerts, refusal } = await this.answering.answer(scope, id, answers);
    if (refusal) throw refusal;
    return { assessment: this.#offer(scope, assessment), alerts };
  }

  /**
   * Makes a link under which the patient answers. It is shown once. Refuses where the questionnaire can't be answered any more, and, for one
   * that can reveal danger, where no rota is set up.
   */
  async link(scope: Scope, id: string): Promise<{ url: string; expiresAt: Date }> {
    return this.transactions.run(scope, async (tx) => {
      const { patientId, instrument, state, expiresAt, dueAt } = await this.#find(tx, id);
      if (!this.#canAnswer(state, { dueAt, expiresAt })) throw conflict('This questionnaire can no longer be answered.', { code: 'assessment.over' });
      await this.assessments.demandRota(tx, instrumentOf(instrument));
      const until = new Date(expiresAt.getTime() + rules.linkOutlivesExpiryDays.value * DAY_MS);
      const token = await this.links.issue(tx, { patientId, purpose: ANSWER_LINK, subject: id, expiresAt: until });
      await audit(tx, { action: 'create', what: 'assessment.link', entities: [`Task/${id}`], patients: [patientId] });
      return { url: `${this.config.PUBLIC_URL}/answer/${token}`, expiresAt };
    });
  }

  async trend(scope: Scope, patientId: string, instrument: string): Promise<PatientTrend> {
    return this.transactions.run(scope, (tx) => this.trends.of(tx, patientId, instrument));
  }

  async #find(tx: Tx, id: string): Promise<AssessmentFacts> {
    const found = await this.assessments.get(tx, id);
    if (!found) throw notFound('The assessment');
    return found;
  }

  #canAnswer(state: AssessmentFacts['state'], times: { dueAt: Date; expiresAt: Date }): boolean {
    return availableEvents(assessmentWorkflow, state, workflowFacts(times, this.clock.now())).includes('answer');
  }

  #offer({ actor }: Scope, assessment: AssessmentFacts): OfferedAssessment {
    if (!this.#canAnswer(assessment.state, assessment)) return { ...assessment, availableActions: [] };
    const actions: AssessmentAction[] = [];
    if (may(actor, 'outcome.record')) actions.push('answer');
    if (may(actor, 'outcome.request')) actions.push('link');
    return { ...assessment, availableActions: actions };
  }
}
