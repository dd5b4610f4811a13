import { Module, type OnModuleInit } from '@nestjs/common';
import { ConferencesModule } from '@cairn/conferences';
import { FhirCommands, FhirModule, SubscriptionTopics, readTopics } from '@cairn/fhir';
import { OutcomesModule } from '@cairn/outcomes';
import { PeopleModule } from '@cairn/people';
import { DueWorkRegistry, EventHandlers, OpenLoops } from '@cairn/platform';
import { ReferralsModule } from '@cairn/referrals';
import { openPlans } from './plan.loops.js';
import { PlanActs } from './plan-acts.service.js';
import { PlanWaitingWork, ReviewDueWork, ReviewMissedWork } from './plan-clock.work.js';
import { PlanCourseController } from './plan-course.controller.js';
import { PlanDrafting } from './plan-drafting.service.js';
import { PlanFactsWatch } from './plan-facts-watch.service.js';
import { PlanLifecycle } from './plan-lifecycle.service.js';
import { PlanMedication } from './plan-medication.service.js';
import { PlanOutcomes } from './plan-outcomes.service.js';
import { PlanReading } from './plan-reading.service.js';
import { PlanRecords } from './plan-records.service.js';
import { PlanReviews } from './plan-reviews.service.js';
import { PlanSchedule } from './plan-schedule.service.js';
import { PlanSteps } from './plan-steps.service.js';
import topics from './plan-topics.json' with { type: 'json' };
import { PlanTriggers } from './plan-triggers.service.js';
import { PlanWaiting } from './plan-waiting.service.js';
import { PlanWording } from './plan-wording.service.js';
import { PlanController } from './plan.controller.js';
import { Plans } from './plans.service.js';
import { ReviewChanges } from './review-changes.service.js';
import { ReviewCompletion } from './review-completion.service.js';
import { ReviewController } from './review.controller.js';
import { ReviewQueries } from './review.queries.js';

/** Care plans: goals, activities, medication safety, and the reviews that keep them true. */
@Module({
  imports: [FhirModule, PeopleModule, OutcomesModule, ReferralsModule, ConferencesModule],
  controllers: [PlanController, PlanCourseController, ReviewController],
  providers: [
    Plans, PlanActs, PlanDrafting, PlanLifecycle, PlanMedication, PlanOutcomes, PlanReading, PlanRecords, PlanReviews, PlanSchedule, PlanSteps,
    PlanWaiting, PlanWording, ReviewChanges, ReviewCompletion, ReviewQueries,
    PlanTriggers, PlanFactsWatch, ReviewDueWork, ReviewMissedWork, PlanWaitingWork,
  ],
  exports: [Plans],
})
export class PlansModule implements OnModuleInit {
  constructor(
    private readonly handlers: EventHandlers,
    private readonly commands: FhirCommands,
    private readonly topics: SubscriptionTopics,
    private readonly registry: DueWorkRegistry,
    private readonly triggers: PlanTriggers,
    private readonly watch: PlanFactsWatch,
    private readonly reviewDue: ReviewDueWork,
    private readonly reviewMissed: ReviewMissedWork,
    private readonly waiting: PlanWaitingWork,
    private readonly loops: OpenLoops,
  ) {}

  onModuleInit(): void {
    this.handlers.register(this.triggers);
    this.loops.register(openPlans);
    this.commands.register(this.watch);
    for (const topic of readTopics(topics)) this.topics.register(topic);
    for (const work of [this.reviewDue, this.reviewMissed, this.waiting]) this.registry.register(work);
  }
}
