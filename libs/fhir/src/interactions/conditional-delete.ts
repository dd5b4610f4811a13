import { conflict } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import type { Search } from '../search/search.js';
import { criteriaOf } from './conditional-create.js';
import { placed, within, type NamedWrite, type WriteRequest } from './write-request.js';

/** Finds what conditional deletions are about (R4 http.html#3.1.0.7.1). */
export class ConditionalDeletes {
  /** @param limit how many resources one request may delete; 1 where a clinic has not asked for more */
  constructor(
    private readonly search: Search,
    private readonly limit: number,
  ) {}

  /**
   * The deletions that a conditional one stands for, none where nothing meets its criteria. Refuses with 412 when more resources do than
   * may be deleted at once, with 400 criteria that are no search.
   */
  async named(tx: Tx, request: WriteRequest): Promise<NamedWrite[]> {
    const query = within(request.path, () => criteriaOf(request));
    const { matches } = await this.search.run(tx, { ...query, count: this.limit + 1 }, () => undefined);
    if (matches.length > this.limit) throw placed(request.path, tooMany(this.limit));
    const { criteria: _criteria, ...deletion } = request;
    return matches.map(({ id }) => ({ ...deletion, id }));
  }
}

const tooMany = (limit: number) =>
  conflict(limit === 1 ? 'Several resources meet the criteria. Name criteria that only one can meet.' : `More than ${limit} resources meet the criteria.`, {
    status: 412,
    code: 'multiple-matches',
  });
