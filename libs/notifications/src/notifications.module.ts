import { Module, type OnModuleInit } from '@nestjs/common';
import { RealClock } from '@cairn/kernel';
import { PeopleModule } from '@cairn/people';
import { CONFIG, DueWorkRegistry, EventHandlers, OpenLoops, type Config } from '@cairn/platform';
import { RemindersModule } from '@cairn/reminders';
import { CARRIERS, type Carrier } from './carrier.js';
import { ClinicNumbers } from './clinic-numbers.js';
import { EmailCarrier } from './email.carrier.js';
import { LetterController } from './letters/letter.controller.js';
import { LetterDesk } from './letters/letter-desk.service.js';
import { openLetters } from './letters/letter.loops.js';
import { LetterLog } from './letters/letter-log.service.js';
import { LetterMailWork } from './letters/letter-mail.work.js';
import { LetterPageController } from './letters/letter-page.controller.js';
import { LetterWriting } from './letters/letter-writing.handlers.js';
import { MessageClaims } from './message-claims.service.js';
import { MessageLog } from './message-log.service.js';
import { MessageOutcomes } from './message-outcomes.service.js';
import { MessageSendWork } from './message-send.work.js';
import { MessageText } from './message-text.service.js';
import { REAL_CLOCK } from './real-clock.js';
import { ReminderFollower } from './reminder.handlers.js';
import { Replies } from './replies.service.js';
import { SmsCarrier } from './sms.carrier.js';
import { SmsWebhooksController } from './sms-webhooks.controller.js';
import { StopMessagesController } from './stop-messages.controller.js';
import { StopMessages } from './stop-messages.service.js';

/** How reminders reach patients, and letters referrers: channels, templates, delivery, replies. */
@Module({
  imports: [PeopleModule, RemindersModule],
  controllers: [SmsWebhooksController, StopMessagesController, LetterController, LetterPageController],
  providers: [
    { provide: REAL_CLOCK, useClass: RealClock },
    { provide: CARRIERS, inject: [CONFIG], useFactory: (config: Config): readonly Carrier[] => [new SmsCarrier(config), new EmailCarrier(config)] },
    ClinicNumbers,
    MessageLog,
    MessageText,
    MessageOutcomes,
    MessageClaims,
    MessageSendWork,
    ReminderFollower,
    Replies,
    StopMessages,
    LetterDesk,
    LetterLog,
    LetterMailWork,
    LetterWriting,
  ],
})
export class NotificationsModule implements OnModuleInit {
  constructor(
    private readonly works: DueWorkRegistry,
    private readonly handlers: EventHandlers,
    private readonly send: MessageSendWork,
    private readonly follower: ReminderFollower,
    private readonly letterMail: LetterMailWork,
    private readonly letterWriting: LetterWriting,
    private readonly loops: OpenLoops,
  ) {}

  onModuleInit(): void {
    this.works.register(this.send);
    this.works.register(this.letterMail);
    this.handlers.register(this.follower);
    this.handlers.register(this.letterWriting);
    this.loops.register(openLetters);
  }
}
