import { Inject, Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import { MINIMUM_DATA_SET_VERSION, missingItems } from './minimum-data-set.js';
import { RED_FLAGS_VERSION, redFlag, type RedFlag } from './red-flag-rules.js';
import { RED_FLAG_WORDS_VERSION, hintsIn, textsIn, type Hint } from './red-flag-words.js';
import { screen, type FlagFinding, type Ground } from './red-flags.js';
import { completed } from './referral.course.js';
import { Referral, courseOf } from './referral.entity.js';
import { RED_FLAG_FOUND } from './referral.events.js';
import { ReferralEvidence, type ReferralRecord } from './referral-evidence.service.js';
import { ReferralFlag, isOpen, isOpenHardStop } from './referral-flag.entity.js';
import { arrange, idsOf } from './referral-moves.service.js';
import type { ReferralSettings } from './referral.settings.js';
import { wishOf } from './referral-wish.js';
import { ReferralFacets } from './worklist/referral-facets.service.js';

const RULE_SETS = `red flags ${RED_FLAGS_VERSION}, words ${RED_FLAG_WORDS_VERSION}, minimum data set ${MINIMUM_DATA_SET_VERSION}`;

/** A person's word on a flag. */
export interface ToldFlag {
  readonly finding: Pick<FlagFinding, 'flag' | 'state'>;
  readonly by: string;
}

/** What a look brought: new hard stops, and the record that was looked at. */
export interface Look {
  readonly hardStops: readonly ReferralFlag[];
  readonly record: ReferralRecord;
}

/** Checks referrals for completeness and for red flags, when they come in and whenever the patient's record grows. */
@Injectable()
export class ReferralScreening {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly evidence: ReferralEvidence,
    private readonly facets: ReferralFacets,
  ) {}

  /**
   * Looks at the evidence again and notes what is missing and which flags there are. A hard stop makes the referral stat and due now. A flag that was
   * found stays found, whatever the record says later: only a clinician puts it aside. Reads from the request what it asks for and whom, unless a person said so.
   * Returns the hard stops that nobody has been told of, and what was looked at; the caller shows the referral and then reports them (see ReferralSafety).
   */
  async look(tx: Tx, referral: Referral, settings: ReferralSettings, told: readonly ToldFlag[] = []): Promise<Look> {
    const request = await this.store.read(tx, 'ServiceRequest', referral.serviceRequestId);
    const record = { request, ...(await this.evidence.gather(tx, request, referral.patientId, settings.reference)) };
    const { resources, screening } = record;
    const now = tx.clock.now();
    const { asksFor, ...routing } = wishOf(request, settings.coding, referral.dialect);
    Object.assign(referral, { asksFor, ...(referral.routingChosen ? {} : { discipline: routing.discipline ?? referral.discipline, programme: routing.programme ?? referral.programme }) });
    referral.missing = missingItems(resources);
    referral.screenedWith = RULE_SETS;
    if (referral.missing.length === 0) Object.assign(referral, completed(courseOf(referral), now));
    const sightings: Sighting[] = [
      ...screen(screening, referral.receivedAt).map(({ flag, state, grounds }) => ({ flag, state, grounds, toldBy: null })),
      ...told.map(({ finding, by }) => ({ ...finding, grounds: [], toldBy: by })),
      ...hintsIn(textsIn(resources)).flatMap(hinted),
    ];
    const hardStops = await this.#note(tx, referral, sightings, now);
    arrange(referral, settings, now);
    await this.facets.refresh(tx, referral, request);
    return { hardStops, record };
  }

  /** Counts the open flags anew after one was acknowledged. */
  async recount(tx: Tx, referral: Referral, settings: ReferralSettings): Promise<void> {
    this.#count(referral, await this.flags(tx, referral.id));
    arrange(referral, settings, tx.clock.now());
  }

  /** The flags of a referral that are known to be there or not to be there. */
  async flags(tx: Tx, referralId: string): Promise<ReferralFlag[]> {
    return tx.em.find(ReferralFlag, { clinicId: tx.scope.clinicId, referralId }, { orderBy: { flag: 'asc' } });
  }

  /** Writes down what was found, denied or hinted at. Returns the hard stops that are new, or newly evidenced after they were acknowledged. */
  async #note(tx: Tx, referral: Referral, seen: readonly Sighting[], now: Date): Promise<ReferralFlag[]> {
    const known = new Map((await this.flags(tx, referral.id)).map((row) => [row.flag, row]));
    const fresh: ReferralFlag[] = [];
    for (const sighting of seen) {
      const { flag, state, grounds, toldBy } = sighting;
      const evidence = [...new Set(grounds.map(({ reference }) => reference))].sort();
      const verified = grounds.every((ground) => ground.verified);
      const row = known.get(flag.id);
      if (!row) {
        const created = tx.em.create(ReferralFlag, {
          clinicId: referral.clinicId,
          referralId: referral.id,
          flag: flag.id,
          level: flag.level,
          state,
          evidence,
          grounds,
          verified,
          toldBy,
          notedAt: now,
          acknowledgedAt: null,
          acknowledgedBy: null,
          actionTaken: null,
        });
        tx.em.persist(created);
        known.set(flag.id, created);
        if (state === 'found') fresh.push(created);
        continue;
      }
      const more = evidence.some((reference) => !row.evidence.includes(reference));
      if (WEIGHT[state] > WEIGHT[row.state]) {
        Object.assign(row, { state, notedAt: now, evidence, grounds, verified, toldBy, ...NOT_ACKNOWLEDGED });
        if (state === 'found') fresh.push(row);
      } else if (state === row.state && more) {
        Object.assign(row, { evidence: [...new Set([...row.evidence, ...evidence])].sort(), grounds: joined(row.grounds, grounds) });
        if (state === 'found' && row.level === 'hard-stop' && row.acknowledgedAt) {
          Object.assign(row, { notedAt: now, ...NOT_ACKNOWLEDGED });
          fresh.push(row);
        }
      }
    }
    this.#count(referral, [...known.values()]);
    const hardStops = fresh.filter(isOpenHardStop);
    if (hardStops.length > 0 && !referral.settledAt) referral.urgency = 'stat';
    for (const { flag } of fresh) await tx.emit(RED_FLAG_FOUND, { ...idsOf(referral), flag });
    return hardStops;
  }

  #count(referral: Referral, flags: readonly ReferralFlag[]): void {
    referral.openHardStops = flags.filter(isOpenHardStop).length;
    referral.openConcerns = flags.filter(isOpen).length - referral.openHardStops;
  }
}

interface Sighting {
  readonly flag: RedFlag;
  readonly state: ReferralFlag['state'];
  readonly grounds: readonly Ground[];
  readonly toldBy: string | null;
}

/** What counts more takes the place of what counts less, never the other way round. */
const WEIGHT: Readonly<Record<ReferralFlag['state'], number>> = { denied: 0, hinted: 1, found: 2 };

/** The new evidence asks for a new look. What was done about the old stands in the audit and on the alert. */
const NOT_ACKNOWLEDGED = { acknowledgedAt: null, acknowledgedBy: null, actionTaken: null };

const joined = (before: readonly Ground[], after: readonly Ground[]): Ground[] => [
  ...new Map([...before, ...after].map((ground) => [`${ground.reference} ${ground.says}`, ground])).values(),
];

const hinted = ({ flag: id, grounds }: Hint): Sighting[] => {
  const flag = redFlag(id);
  return flag ? [{ flag, state: 'hinted', grounds, toldBy: null }] : [];
};
