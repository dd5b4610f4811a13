import type { Entities } from '@cairn/platform';
import { ReferrerLetter } from './letters/letter.entity.js';
import { Message } from './message.entity.js';
import { MessageAttempt } from './message-attempt.entity.js';

export { NotificationsModule } from './notifications.module.js';
export { notificationsMigrations } from './notifications.migration.js';

/** Entities of this lib. */
export const notificationsEntities: Entities = [Message, MessageAttempt, ReferrerLetter];
