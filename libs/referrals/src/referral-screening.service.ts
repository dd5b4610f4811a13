import { Inject, Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import { MINIMUM_DATA_SET_VERSION, missingItems } from './minimum-data-set.js';
import { RED_FLAGS_VERSION, screen, type FlagFinding } from './red-flags.js';
import { completed } from './referral.course.js';
import { Referral, courseOf } from './referral.entity.js';
import { RED_FLAG_FOUND } from './referral.events.js';
import { ReferralEvidence } from './referral-evidence.service.js';
import { ReferralFlag } from './referral-flag.entity.js';
import { arrange } from './referral-moves.service.js';
import type { ReferralSettings } from './referral.settings.js';

const RULE_SETS = `red flags ${RED_FLAGS_VERSION}, minimum data set ${MINIMUM_DATA_SET_VERSION}`;

/** A person's word on a flag. */
export interface ToldFlag {
  readonly finding: Pick<FlagFinding, 'flag' | 'state'>;
  readonly by: string;
}

/** Checks referrals for completeness and for red flags, when they come in and whenever the patient's record grows. */
@Injectable()
export class ReferralScreening {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly evidence: ReferralEvidence,
  ) {}

  /**
   * Looks at the evidence again and notes what is missing and which flags there are. A hard stop makes the referral stat and due now. A flag that was
   * found stays found, whatever the record says later: only a clinician puts it aside. The caller shows the referral afterwards.
   */
  async look(tx: Tx, referral: Referral, settings: ReferralSettings, told: readonly ToldFlag[] = []): Promise<void> {
    const request = await this.store.read(tx, 'ServiceRequest', referral.serviceRequestId);
    const { resources, screening } = await this.evidence.gather(tx, request, referral.patientId);
    const now = tx.clock.now();
    referral.missing = missingItems(resources);
    referral.screenedWith = RULE_SETS;
    if (referral.missing.length === 0) Object.assign(referral, completed(courseOf(referral), now));
    await this.#note(tx, referral, screen(screening, referral.receivedAt), told, now);
    arrange(referral, settings, now);
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

  async #note(tx: Tx, referral: Referral, findings: readonly FlagFinding[], told: readonly ToldFlag[], now: Date): Promise<void> {
    const known = new Map((await this.flags(tx, referral.id)).map((row) => [row.flag, row]));
    const fresh: ReferralFlag[] = [];
    const note = ({ flag, state }: ToldFlag['finding'], evidence: readonly string[], verified: boolean, toldBy: string | null): void => {
      const row = known.get(flag.id);
      if (!row) {
        const created = tx.em.create(ReferralFlag, {
          clinicId: referral.clinicId,
          referralId: referral.id,
          flag: flag.id,
          level: flag.level,
          state,
          evidence: [...evidence],
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
      } else if (state === 'found') {
        if (row.state === 'denied') {
          Object.assign(row, { state, notedAt: now, evidence: [...evidence], verified, toldBy });
          fresh.push(row);
        } else if (evidence.some((reference) => !row.evidence.includes(reference))) {
          row.evidence = [...new Set([...row.evidence, ...evidence])].sort();
        }
      }
    };
    for (const { flag, state, evidence, verified } of findings) note({ flag, state }, evidence, verified, null);
    for (const { finding, by } of told) note(finding, [], true, by);
    this.#count(referral, [...known.values()]);
    if (fresh.some((flag) => flag.level === 'hard-stop') && !referral.settledAt) referral.urgency = 'stat';
    for (const { flag } of fresh) await tx.emit(RED_FLAG_FOUND, { referralId: referral.id, patientId: referral.patientId, flag });
  }

  #count(referral: Referral, flags: readonly ReferralFlag[]): void {
    const open = flags.filter((flag) => flag.state === 'found' && !flag.acknowledgedAt);
    referral.openHardStops = open.filter((flag) => flag.level === 'hard-stop').length;
    referral.openConcerns = open.length - referral.openHardStops;
  }
}
