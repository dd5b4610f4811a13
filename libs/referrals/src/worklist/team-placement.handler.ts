import { Injectable } from '@nestjs/common';
import type { EventHandler, OutboxEvent, Tx } from '@cairn/platform';
import { REFERRAL_ACCEPTED } from '../referral.events.js';
import { ReferralTeams } from './referral-teams.service.js';

/** Brings an accepted referral to the team that the clinic's rules name. */
@Injectable()
export class TeamPlacement implements EventHandler {
  readonly name = 'referral-team-placement';
  readonly events = [REFERRAL_ACCEPTED];

  constructor(private readonly teams: ReferralTeams) {}

  async handle(tx: Tx, { ids }: OutboxEvent): Promise<void> {
    if (ids['referralId']) await this.teams.place(tx, ids['referralId']);
  }
}
