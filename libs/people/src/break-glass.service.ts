import { Inject, Injectable } from '@nestjs/common';
import { forbidden } from '@cairn/kernel';
import { FhirStore, breakGlass, brokenGlassTask, listBrokenGlass, reviewBrokenGlass, reviewDueAt, type BrokenGlass } from '@cairn/fhir';
import { CONFIG, Transactions, audit, type Config, type Scope } from '@cairn/platform';

/** A broken glass as those see it who review it. */
interface GlassToReview extends BrokenGlass {
  /** When it must have been reviewed. */
  readonly reviewDueAt: Date;
}

/** A page of broken glasses. `next` is the cursor of the page after it, absent on the last. */
export interface BrokenGlassPage {
  readonly items: readonly GlassToReview[];
  readonly next?: string;
}

/** Lets people see labelled records in an emergency, and those who oversee them look into it. */
@Injectable()
export class BreakGlass {
  constructor(
    private readonly transactions: Transactions,
    private readonly store: FhirStore,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Opens one patient's labelled records to the person who asks, for the configured time, and gives those who review it a Task. Refuses with `not-found`. */
  async open(scope: Scope, patientId: string, reason: string): Promise<BrokenGlass> {
    const { actor } = scope;
    if (actor.kind !== 'person') throw forbidden('Only a person can break the glass.', { code: 'not-a-person' });
    return this.transactions.run(scope, async (tx) => {
      const glass = await breakGlass(tx, actor, { patientId, reason, minutes: this.config.BREAK_GLASS_MINUTES });
      await this.store.put(tx, brokenGlassTask(glass));
      return glass;
    });
  }

  /** Who broke the glass, newest first. */
  async list(scope: Scope, { unreviewed, after, limit }: { readonly unreviewed: boolean; readonly after?: string | undefined; readonly limit: number }): Promise<BrokenGlassPage> {
    return this.transactions.run(scope, async (tx) => {
      const rows = await listBrokenGlass(tx, { unreviewed, before: after, limit: limit + 1 });
      const items = rows.slice(0, limit);
      const last = rows.length > limit ? items.at(-1) : undefined;
      await audit(tx, { action: 'read', what: 'break-glass.list', patients: [...new Set(items.map(({ patientId }) => patientId))] });
      return { items: items.map((glass) => ({ ...glass, reviewDueAt: reviewDueAt(glass) })), ...(last ? { next: last.id } : {}) };
    });
  }

  /** Records that somebody looked into it, and closes its Task. Refuses with `not-found` and `conflict`. */
  async review(scope: Scope, id: string, note: string): Promise<BrokenGlass> {
    return this.transactions.run(scope, async (tx) => {
      const reviewed = await reviewBrokenGlass(tx, id, `${scope.actor.kind}:${scope.actor.id}`, note);
      await this.store.put(tx, brokenGlassTask(reviewed));
      return reviewed;
    });
  }
}
