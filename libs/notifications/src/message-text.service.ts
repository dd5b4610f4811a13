import { Inject, Injectable } from '@nestjs/common';
import { PatientLinks, showPhone, type ClinicContact, type PatientFacts } from '@cairn/people';
import { CONFIG, type Config, type Tx } from '@cairn/platform';
import { ANSWER_LINK } from '../../outcomes/src/outcomes.events.js';
import { WAITING_LINK } from '../../referrals/src/referral.events.js';
import type { Letter } from './carrier.js';
import { DELIVERY } from './delivery.rules.js';
import type { Message } from './message.entity.js';
import { STOP_LINK } from './stop-link.js';
import { emailText, isWrittenFor, smsText, wordingFor, type Parameters, type ReminderTemplate, type Template, type Wording } from './template.js';

/** What a message is about, where it belongs to a reminder. */
export interface Occasion {
  readonly patient: PatientFacts;
  readonly zone: string;
  readonly eventAt: Date;
  /** The Task that it is about. */
  readonly subjectId: string;
}

/** The words of a message, ready to be handed over. */
export type Text = Pick<Letter, 'text' | 'subject' | 'stopLink'> & { readonly wording: Wording };

const DAY_MS = 24 * 3_600_000;

/** The page behind the link of a message. */
const DOORS: Partial<Record<Template, { readonly purpose: string; readonly path: string }>> = {
  questionnaire: { purpose: ANSWER_LINK, path: 'answer' },
  'referral-still-wanted': { purpose: WAITING_LINK, path: 'waiting' },
};

/** Makes the text of messages. */
@Injectable()
export class MessageText {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly links: PatientLinks,
  ) {}

  /** The text of a message now, or undefined when its channel has no room for it. Links in it are made for this text alone. */
  async of(tx: Tx, message: Message, contact: ClinicContact, occasion: Occasion | undefined): Promise<Text | undefined> {
    const patient = occasion?.patient;
    const wording = wordingFor(patient?.language ?? message.language ?? undefined, patient?.interpreterNeeded ?? false);
    const parameters: Parameters = {
      clinic: contact.neutralName,
      phone: showPhone(contact.phone, contact.country),
      name: patient?.givenName?.split(' ')[0],
      day: occasion?.eventAt,
      zone: occasion?.zone,
      ...(occasion ? { link: await this.#link(tx, message.template, occasion) } : {}),
    };
    if (message.channel === 'sms') {
      const text = smsText(message.template, wording, parameters);
      return text === undefined ? undefined : { text, wording };
    }
    if (!patient || !isWrittenFor(message.template, 'email')) return undefined;
    const stopLink = await this.#stopLink(tx, patient.id);
    return { ...emailText(message.template as ReminderTemplate, wording, { ...parameters, stop: stopLink }), stopLink, wording };
  }

  /** Where the patient answers, for the templates that ask for an answer by a link. */
  async #link(tx: Tx, template: Template, { patient, subjectId, eventAt }: Occasion): Promise<string | undefined> {
    const door = DOORS[template];
    if (!door) return undefined;
    const token = await this.links.issue(tx, { patientId: patient.id, purpose: door.purpose, subject: subjectId, expiresAt: eventAt });
    return `${this.config.PUBLIC_URL}/${door.path}/${token}`;
  }

  async #stopLink(tx: Tx, patientId: string): Promise<string> {
    const expiresAt = new Date(tx.clock.now().getTime() + DELIVERY.stopLinkDays * DAY_MS);
    const token = await this.links.issue(tx, { patientId, purpose: STOP_LINK, subject: 'all', expiresAt });
    return `${this.config.PUBLIC_URL}/stop/${token}`;
  }
}
