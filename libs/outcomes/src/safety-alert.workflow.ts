import type { Machine } from '@cairn/kernel';

export type SafetyAlertState = 'raised' | 'escalated' | 'acknowledged';
export type SafetyAlertEvent = 'acknowledge' | 'escalate';

/** What the table's rules look at. */
export interface SafetyAlertFacts {
  /** Whether a person acts: no job may acknowledge. */
  readonly byPerson: boolean;
  /** Whether the time in which the present person should have acknowledged is over. */
  readonly overdue: boolean;
}

const OPEN = ['raised', 'escalated'] as const;

/** A dangerous answer that a person must see. It goes from person to person until one acknowledges it, and never ends by itself. */
export const safetyAlertWorkflow: Machine<SafetyAlertState, SafetyAlertEvent, SafetyAlertFacts> = {
  name: 'safety-alert',
  initial: 'raised',
  states: ['raised', 'escalated', 'acknowledged'],
  events: ['acknowledge', 'escalate'],
  terminal: ['acknowledged'],
  transitions: [
    {
      from: OPEN,
      event: 'acknowledge',
      to: 'acknowledged',
      guard: ({ byPerson }) => (byPerson ? undefined : { rule: 'safety-alert.person', message: 'Only a person can acknowledge a safety alert.' }),
    },
    {
      from: OPEN,
      event: 'escalate',
      to: 'escalated',
      guard: ({ overdue }) => (overdue ? undefined : { rule: 'safety-alert.in-time', message: 'The person on the rota still has time to acknowledge.' }),
    },
  ],
};
