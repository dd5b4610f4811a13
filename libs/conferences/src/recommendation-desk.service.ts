import { Injectable } from '@nestjs/common';
import { notFound } from '@cairn/kernel';
import { Transactions, audit, expectVersion, type Scope, type Tx } from '@cairn/platform';
import type { RecommendationFacts } from './recommendation-facts.js';
import { Recommendations } from './recommendations.service.js';

/** Recommendations as the clinic's people follow them up. Each act refuses with 428 or 412 unless it names the version in force. */
@Injectable()
export class RecommendationDesk {
  constructor(
    private readonly transactions: Transactions,
    private readonly recommendations: Recommendations,
  ) {}

  /** Refuses with `not-found`. */
  async read(scope: Scope, id: string): Promise<RecommendationFacts> {
    return this.transactions.run(scope, async (tx) => {
      const found = await this.recommendations.get(tx, id);
      if (!found) throw notFound('The recommendation');
      await audit(tx, { action: 'read', what: 'recommendation.read', entities: [`Task/${id}`], patients: [found.patientId] });
      return found;
    });
  }

  async accept(scope: Scope, id: string, version: number | undefined): Promise<RecommendationFacts> {
    return this.#at(scope, id, version, (tx) => this.recommendations.accept(tx, id));
  }

  async complete(scope: Scope, id: string, version: number | undefined, note: string | undefined): Promise<RecommendationFacts> {
    return this.#at(scope, id, version, (tx) => this.recommendations.complete(tx, id, note));
  }

  async giveUp(scope: Scope, id: string, version: number | undefined, reason: string): Promise<RecommendationFacts> {
    return this.#at(scope, id, version, (tx) => this.recommendations.giveUp(tx, id, reason));
  }

  async #at(scope: Scope, id: string, version: number | undefined, act: (tx: Tx) => Promise<RecommendationFacts>): Promise<RecommendationFacts> {
    return this.transactions.run(scope, async (tx) => {
      expectVersion(version, (await this.recommendations.lock(tx, id)).version);
      return act(tx);
    });
  }
}
