import { Injectable } from '@nestjs/common';
import { CairnError, invalid, type ErrorDetails } from '@cairn/kernel';
import { PatientLinks, Patients, clinicContact, parsePhone } from '@cairn/people';
import { Clinics, Transactions, audit, type Clinic, type Scope } from '@cairn/platform';
import { AssessmentAnswers } from './assessment-answers.service.js';
import { workflowFacts } from './assessment-facts.js';
import { say } from './answer-words.js';
import { Assessments } from './assessments.service.js';
import { instrumentOf, type Instrument } from './instrument.js';
import { ANSWER_LINK } from './outcomes.events.js';
import { crisisHelp, type CrisisHelp } from './outcomes.settings.js';
import { SafetyAlerts } from './safety-alerts.service.js';

/** Where to turn in danger: the country's or the clinic's crisis line, and the clinic's own number. */
export interface Help {
  readonly crisis: CrisisHelp | undefined;
  readonly clinicPhone: string | undefined;
}

/** What a patient sees behind a link. */
export interface OpenedForm {
  readonly instrument: Instrument;
  readonly state: 'open' | 'done' | 'over';
  readonly expiresAt: Date;
  /** The patient's language (BCP-47) where the record tells it. */
  readonly language: string | undefined;
  /** The clinic's name as it stands in messages. */
  readonly clinic: string;
}

/** What came of a submission through a link. `help` stands where an answer told of danger, whether the answers were taken or not. */
export interface Submitted {
  readonly help: Help | undefined;
  readonly refusal: CairnError | undefined;
}

interface Opened {
  readonly scope: Scope;
  readonly assessmentId: string;
  readonly clinic: Clinic;
}

const unknownLink = (details: ErrorDetails = {}): CairnError =>
  new CairnError('not-found', 'This link does not work: it may have expired, or not have been copied completely. Ask the clinic for a new one.', {
    code: 'answer.unknown-link',
    ...details,
  });

/** Lets a patient answer through a signed link, without signing in. The link opens this one questionnaire and nothing else. */
@Injectable()
export class AnswerLinks {
  constructor(
    private readonly transactions: Transactions,
    private readonly links: PatientLinks,
    private readonly clinics: Clinics,
    private readonly patients: Patients,
    private readonly assessments: Assessments,
    private readonly answers: AssessmentAnswers,
    private readonly alerts: SafetyAlerts,
  ) {}

  /** What stands behind the link. Refuses with `not-found` a link that is unknown or expired. */
  async open(token: string, correlationId: string): Promise<OpenedForm> {
    const { scope, assessmentId, clinic } = await this.#open(token, correlationId);
    return this.transactions.run(scope, async (tx) => {
      const assessment = await this.assessments.get(tx, assessmentId);
      if (!assessment) throw unknownLink();
      const patient = await this.patients.get(tx, assessment.patientId);
      await audit(tx, { action: 'read', what: 'assessment.open-link', entities: [`Task/${assessmentId}`], patients: [assessment.patientId] });
      const over = assessment.state === 'expired' || workflowFacts(assessment, tx.clock.now()).overdue;
      return {
        instrument: instrumentOf(assessment.instrument),
        state: assessment.state === 'completed' ? 'done' : over ? 'over' : 'open',
        expiresAt: assessment.expiresAt,
        language: patient?.language,
        clinic: clinicContact(clinic)?.neutralName ?? clinic.name,
      };
    });
  }

  /** Takes the answers. Refuses with `not-found` an unknown link; what else is wrong is returned as the refusal, beside the help to show. */
  async answer(token: string, correlationId: string, submitted: Readonly<Record<string, unknown>>): Promise<Submitted> {
    const { scope, assessmentId, clinic } = await this.#open(token, correlationId);
    const { alerts, refusal } = await this.answers.answer(scope, assessmentId, submitted);
    if (alerts.length === 0) return { help: undefined, refusal };
    const help = helpOf(clinic);
    return { help, refusal: refusal && withHelp(refusal, help) };
  }

  /** The help to show where this questionnaire's answers told of danger, else undefined. */
  async help(token: string, correlationId: string): Promise<Help | undefined> {
    const { scope, assessmentId, clinic } = await this.#open(token, correlationId);
    const stands = await this.transactions.read(scope, (tx) => this.alerts.standsFor(tx, assessmentId));
    return stands ? helpOf(clinic) : undefined;
  }

  /** Notes where the patient wants to be called back. Refuses what is no telephone number, and a questionnaire that raised no alert. */
  async callBack(token: string, correlationId: string, phone: string): Promise<void> {
    const { scope, assessmentId, clinic } = await this.#open(token, correlationId);
    const number = parsePhone(phone, clinicContact(clinic)?.country);
    if (!number?.isValid()) {
      const message = 'Send a telephone number with its area code, such as +1 212 555 0100.';
      throw invalid(message, { code: 'fields', issues: [{ path: 'phone', message }] });
    }
    await this.transactions.run(scope, (tx) => this.alerts.noteCallBack(tx, assessmentId, number.number));
  }

  async #open(token: string, correlationId: string): Promise<Opened> {
    const link = await this.links.open(token, ANSWER_LINK);
    const clinic = link && (await this.clinics.find(link.clinicId));
    if (!clinic) throw unknownLink();
    return { scope: { clinicId: clinic.id, actor: { kind: 'patient', id: link.patientId }, correlationId }, assessmentId: link.subject, clinic };
  }
}

/** The refusal with the help in its message: a program that shows nothing but the error still shows where to turn. */
function withHelp(refusal: CairnError, { crisis, clinicPhone }: Help): CairnError {
  const lines = [
    crisis?.call && say('en', 'helpCall', { name: crisis.name, number: crisis.call }),
    crisis?.emergency ? say('en', 'helpEmergency', { number: crisis.emergency }) : say('en', 'helpLocal'),
    clinicPhone && say('en', 'helpClinic', { number: clinicPhone }),
  ];
  const { kind, code, issues } = refusal;
  return new CairnError(kind, [refusal.message, say('en', 'help'), ...lines.filter(Boolean)].join(' '), { code, issues });
}

/** Where somebody in danger turns, as this clinic has set it. */
export const helpOf = (clinic: Clinic): Help => ({ crisis: crisisHelp(clinic), clinicPhone: clinicContact(clinic)?.phone });
