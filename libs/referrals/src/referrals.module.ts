import { Module, type OnModuleInit } from '@nestjs/common';
import { FhirCommands, FhirModule } from '@cairn/fhir';
import { DueWorkRegistry } from '@cairn/platform';
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
import { ReferralScreening } from './referral-screening.service.js';
import { ReferralSources } from './referral-sources.service.js';
import { ReferralTriageController } from './referral-triage.controller.js';
import { ReferralTriage } from './referral-triage.service.js';
import { Referrals } from './referrals.service.js';
import { UndoWindowWork } from './undo-window.work.js';

const offered = [Referrals, ReferralSources];

/** Referrals from their arrival to their outcome. */
@Module({
  imports: [FhirModule],
  controllers: [ReferralController, ReferralTriageController, ReferralCareController, ReferralClosingController],
  providers: [
    ...offered,
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
    ReferralScreening,
    ReferralTriage,
    UndoWindowWork,
  ],
  exports: offered,
})
export class ReferralsModule implements OnModuleInit {
  constructor(
    private readonly dueWork: DueWorkRegistry,
    private readonly fhirCommands: FhirCommands,
    private readonly commands: ReferralCommands,
    private readonly undoWindow: UndoWindowWork,
  ) {}

  onModuleInit(): void {
    this.fhirCommands.register(this.commands);
    this.dueWork.register(this.undoWindow);
  }
}
