import { Module, type OnModuleInit } from '@nestjs/common';
import { PeopleModule } from '@cairn/people';
import { DueWorkRegistry, EventHandlers, OpenLoops } from '@cairn/platform';
import { EscalationController } from './escalation.controller.js';
import { openEscalations } from './escalation.loops.js';
import { Escalations } from './escalations.service.js';
import { ReminderAnswers } from './reminder-answers.service.js';
import { ReminderCheck } from './reminder-check.service.js';
import { ReminderController } from './reminder.controller.js';
import { ReminderDesk } from './reminder-desk.service.js';
import { ReminderDueWork } from './reminder-due.work.js';
import { ReminderLog } from './reminder-log.service.js';
import { ReminderPlanner } from './reminder-planner.service.js';
import { ReminderQueries } from './reminder.queries.js';
import { ReminderSilenceWork } from './reminder-silence.work.js';
import { Reminders } from './reminders.service.js';
import { AssessmentFollower, ReferralFollower, ReviewFollower } from './subject.handlers.js';

/** What is due, to whom, when. */
@Module({
  imports: [PeopleModule],
  controllers: [ReminderController, EscalationController],
  providers: [
    ReminderLog,
    ReminderCheck,
    ReminderPlanner,
    Escalations,
    Reminders,
    ReminderAnswers,
    ReminderQueries,
    ReminderDesk,
    ReminderDueWork,
    ReminderSilenceWork,
    ReviewFollower,
    AssessmentFollower,
    ReferralFollower,
  ],
  exports: [Reminders, ReminderAnswers],
})
export class RemindersModule implements OnModuleInit {
  constructor(
    private readonly works: DueWorkRegistry,
    private readonly handlers: EventHandlers,
    private readonly due: ReminderDueWork,
    private readonly silence: ReminderSilenceWork,
    private readonly reviews: ReviewFollower,
    private readonly assessments: AssessmentFollower,
    private readonly referrals: ReferralFollower,
    private readonly loops: OpenLoops,
  ) {}

  onModuleInit(): void {
    this.works.register(this.due);
    this.loops.register(openEscalations);
    this.works.register(this.silence);
    this.handlers.register(this.reviews);
    this.handlers.register(this.assessments);
    this.handlers.register(this.referrals);
  }
}
