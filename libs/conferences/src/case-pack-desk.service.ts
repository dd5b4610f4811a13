import { Injectable } from '@nestjs/common';
import type { Bundle } from '@medplum/fhirtypes';
import { Transactions, type Scope } from '@cairn/platform';
import { casePackPage } from './case-pack.fhir.js';
import { CasePacks } from './case-packs.service.js';
import { ConferenceQueries } from './conferences.queries.js';

/** Case packs for those who read them. */
@Injectable()
export class CasePackDesk {
  constructor(
    private readonly transactions: Transactions,
    private readonly packs: CasePacks,
    private readonly queries: ConferenceQueries,
  ) {}

  /** The document. Refuses with `not-found` an unknown item, and one whose agenda is not locked yet. */
  async bundle(scope: Scope, conferenceId: string, itemId: string): Promise<Bundle> {
    return this.transactions.run(scope, async (tx) => this.packs.read(tx, await this.queries.item(tx, conferenceId, itemId)));
  }

  /** The same as a page. */
  async page(scope: Scope, conferenceId: string, itemId: string): Promise<string> {
    return casePackPage(await this.bundle(scope, conferenceId, itemId));
  }
}
