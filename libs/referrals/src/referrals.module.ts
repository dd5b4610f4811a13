import { Module, type OnModuleInit } from '@nestjs/common';
import { FhirCommands, FhirModule, SubscriptionTopics, readTopics } from '@cairn/fhir';
import { AlertSubjects, OutcomesModule } from '@cairn/outcomes';
import { DueWorkRegistry } from '@cairn/platform';
import { ReferralAlertSubject } from './referral-alert-subject.js';
import { ReferralCareController } from './referral-care.controller.js';
import { ReferralCare } from './referral-care.service.js';
import { ReferralClosingController } from './referral-closing.controller.js';
import { ReferralClosing } from './referral-closing.service.js';
import { ReferralCommands } from './referral-commands.service.js';
import { ReferralController } from './referral.controller.js';
import { ReferralDecisions } from './referral-decisions.service.js';
import { ReferralDesk } from './referral-desk.service.js';
import { ReferralEvidence } from './referral-evidence.service.js';
import { ReferralIntake } from './referral-intake.service.js';
import { ReferralMoves } from './referral-moves.service.js';
import { ReferralProjection } from './referral-projection.service.js';
import { ReferralLists } from './referral.queries.js';
import { ReferralRecordWatch } from './referral-record-watch.service.js';
import { ReferralRegistration } from './referral-registration.service.js';
import { ReferralRequester } from './referral-requester.service.js';
import { ReferralSafetyController } from './referral-safety.controller.js';
import { ReferralSafety } from './referral-safety.service.js';
import { SafetyReports } from './safety-report.queries.js';
import { ReferralScreening } from './referral-screening.service.js';
import { ReferralSources } from './referral-sources.service.js';
import topics from './referral-topics.json' with { type: 'json' };
import { ReferralTriageController } from './referral-triage.controller.js';
import { ReferralTriage } from './referral-triage.service.js';
import { Referrals } from './referrals.service.js';
import { ReviewOverdueWork } from './review-overdue.work.js';
import { UndoWindowWork } from './undo-window.work.js';

const offered = [Referrals, ReferralSources];

/** Referrals from their arrival to their outcome. */
@Module({
  imports: [FhirModule, OutcomesModule],
  controllers: [ReferralController, ReferralTriageController, ReferralCareController, ReferralClosingController, ReferralSafetyController],
  providers: [
    ...offered,
    ReferralAlertSubject,
    ReferralCare,
    ReferralClosing,
    ReferralCommands,
    ReferralDecisions,
    ReferralDesk,
    ReferralEvidence,
    ReferralIntake,
    ReferralLists,
    ReferralMoves,
    ReferralProjection,
    ReferralRecordWatch,
    ReferralRegistration,
    ReferralRequester,
    ReferralSafety,
    ReferralScreening,
    ReviewOverdueWork,
    ReferralTriage,
    SafetyReports,
    UndoWindowWork,
  ],
  exports: offered,
})
export class ReferralsModule implements OnModuleInit {
  constructor(
    private readonly dueWork: DueWorkRegistry,
    private readonly fhirCommands: FhirCommands,
    private readonly topics: SubscriptionTopics,
    private readonly commands: ReferralCommands,
    private readonly undoWindow: UndoWindowWork,
    private readonly reviewOverdue: ReviewOverdueWork,
    private readonly alertSubjects: AlertSubjects,
    private readonly alertSubject: ReferralAlertSubject,
  ) {}

  onModuleInit(): void {
    this.fhirCommands.register(this.commands);
    for (const topic of readTopics(topics)) this.topics.register(topic);
    this.dueWork.register(this.undoWindow);
    this.dueWork.register(this.reviewOverdue);
    this.alertSubjects.register(this.alertSubject);
  }
}
