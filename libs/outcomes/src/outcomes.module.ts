import { Module, type OnModuleInit } from '@nestjs/common';
import { FhirModule } from '@cairn/fhir';
import { PeopleModule } from '@cairn/people';
import { DueWorkRegistry, OpenLoops } from '@cairn/platform';
import { AlertSubjects } from './alert-subjects.js';
import { AnswerLinks } from './answer-links.service.js';
import { AnswerPageController } from './answer-page.controller.js';
import { AnswerController } from './answer.controller.js';
import { AssessmentAnswers } from './assessment-answers.service.js';
import { AssessmentClockWork } from './assessment-clock.work.js';
import { AssessmentDesk } from './assessment-desk.service.js';
import { AssessmentController } from './assessment.controller.js';
import { Assessments } from './assessments.service.js';
import { OutcomeLists } from './outcomes.queries.js';
import { Questionnaires } from './questionnaires.service.js';
import { SafetyAlertController } from './safety-alert.controller.js';
import { openSafetyAlerts } from './safety-alert.loops.js';
import { SafetyAlerts } from './safety-alerts.service.js';
import { SafetyCover } from './safety-cover.service.js';
import { SafetyDesk } from './safety-desk.service.js';
import { SafetyEscalationWork } from './safety-escalation.work.js';
import { Trends } from './trends.queries.js';

const offered = [Assessments, Trends, SafetyAlerts, AlertSubjects, SafetyCover];

/** Questionnaires, their scores and trends, and the alerts that dangerous answers raise. */
@Module({
  imports: [FhirModule, PeopleModule],
  controllers: [AssessmentController, SafetyAlertController, AnswerController, AnswerPageController],
  providers: [...offered, AssessmentAnswers, AssessmentDesk, AnswerLinks, OutcomeLists, Questionnaires, SafetyDesk, AssessmentClockWork, SafetyEscalationWork],
  exports: offered,
})
export class OutcomesModule implements OnModuleInit {
  constructor(
    private readonly registry: DueWorkRegistry,
    private readonly clock: AssessmentClockWork,
    private readonly escalation: SafetyEscalationWork,
    private readonly loops: OpenLoops,
  ) {}

  onModuleInit(): void {
    this.registry.register(this.escalation);
    this.registry.register(this.clock);
    this.loops.register(openSafetyAlerts);
  }
}
