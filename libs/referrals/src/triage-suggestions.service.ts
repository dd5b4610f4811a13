import { Inject, Injectable } from '@nestjs/common';
import { FhirStore } from '@cairn/fhir';
import type { Tx } from '@cairn/platform';
import type { Referral } from './referral.entity.js';
import { ReferralEvidence, type ReferralRecord } from './referral-evidence.service.js';
import { ReferralFlag } from './referral-flag.entity.js';
import type { ReferralSettings } from './referral.settings.js';
import { triageFacts } from './triage-facts.js';
import { TriageRuleSet } from './triage-rule-set.entity.js';
import { USUAL_RULES, suggest, type RuleSet, type Suggestion } from './triage-rules.js';

/** What the rules of the clinic suggest for a referral. */
@Injectable()
export class TriageSuggestions {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly evidence: ReferralEvidence,
  ) {}

  /** The rules in force: the clinic's own, else Cairn's. */
  async inForce(tx: Tx): Promise<RuleSet> {
    const live = await tx.em.findOne(TriageRuleSet, { clinicId: tx.scope.clinicId, state: 'live' });
    return live ? { name: String(live.version), rules: live.rules } : USUAL_RULES;
  }

  /** What these rules suggest from the record as it is now (`record` where the caller has just read it); undefined when none fits, or a hard stop is open: such a referral is never routed by rule. */
  async of(tx: Tx, rules: RuleSet, referral: Referral, settings: ReferralSettings, record?: ReferralRecord): Promise<Suggestion | undefined> {
    if (referral.openHardStops > 0) return undefined;
    const { clinicId, id, patientId } = referral;
    const read = record ?? (await this.#record(tx, referral, settings));
    if (!read) return undefined;
    const { request, resources, screening } = read;
    const flags = await tx.em.find(ReferralFlag, { clinicId, referralId: id, state: 'found' });
    const [before] = await tx.query<{ seen: boolean }>({
      name: 'referral-seen-before',
      text: `select exists (select 1 from referral where clinic_id = $1 and patient_id = $2 and id <> $3 and first_seen_at < $4) as seen`,
      values: [clinicId, patientId, id, referral.receivedAt],
    });
    const facts = triageFacts(request, resources, { birthDate: screening.birthDate, flags: flags.map(({ flag }) => flag), missing: referral.missing, asksFor: referral.asksFor, seenBefore: before?.seen ?? false, at: referral.receivedAt });
    return suggest(rules, facts);
  }

  /** Notes on the referral what the rules in force suggest now. */
  async note(tx: Tx, referral: Referral, settings: ReferralSettings, record?: ReferralRecord): Promise<void> {
    referral.suggestion = (await this.of(tx, await this.inForce(tx), referral, settings, record)) ?? null;
  }

  async #record(tx: Tx, { patientId, serviceRequestId }: Referral, { reference }: ReferralSettings): Promise<ReferralRecord | undefined> {
    const request = await this.store.find(tx, 'ServiceRequest', serviceRequestId);
    return request && { request, ...(await this.evidence.gather(tx, request, patientId, reference)) };
  }
}
