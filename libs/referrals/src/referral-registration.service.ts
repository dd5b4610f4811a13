import { Inject, Injectable } from '@nestjs/common';
import { invalid, newId } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { Transactions, type Scope, type Tx } from '@cairn/platform';
import { redFlag } from './red-flag-rules.js';
import type { Registration } from './referral.acts.js';
import { ownRequest, type Requester } from './referral.fhir.js';
import { ReferralIntake } from './referral-intake.service.js';
import { ReferralMoves } from './referral-moves.service.js';
import { intakeForm, registeredPatient } from './referral-registration.fhir.js';
import type { ToldFlag } from './referral-screening.service.js';

/** Writes down referrals that reach the clinic by phone, fax, letter or in person. */
@Injectable()
export class ReferralRegistration {
  constructor(
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly moves: ReferralMoves,
    private readonly intake: ReferralIntake,
  ) {}

  /**
   * Places the request on the referrer's behalf, with the patient if there is none yet, and takes it in like any other. Returns the referral's id. Refuses a
   * patient who is not here, and a receipt in the future.
   */
  async register(scope: Scope, body: Registration): Promise<string> {
    return this.transactions.run(scope, (tx) => this.registerIn(tx, body));
  }

  /** The same inside a transaction. `supporting` are references of what else the request rests on. */
  async registerIn(tx: Tx, body: Registration, supporting: readonly string[] = []): Promise<string> {
    const settings = await this.moves.settings(tx);
    const now = tx.clock.now();
    const receivedAt = body.receivedAt ?? now;
    if (receivedAt > now) throw invalid('A referral cannot have come in later than now.', { issues: [{ path: 'receivedAt', message: 'Must not lie in the future.' }] });
    const code = settings.codes[0];
    if (!code) throw new Error('The clinic has no referral code to place a request with.');
    const patientId = await this.#patient(tx, body.patient);
    const form = Object.keys(body.information).length > 0 ? await this.store.create(tx, intakeForm(newId(), patientId, body.information, receivedAt)) : undefined;
    const id = newId();
    const clinic = { reference: settings.reference, display: settings.clinicName };
    const request = await this.store.create(
      tx,
      ownRequest(
        { id, patientId, serviceRequestId: newId(), urgency: body.urgency, clinic },
        {
          code,
          reasonText: body.reason,
          requester: requesterOf(body),
          authoredOn: receivedAt,
          supporting: [...(form ? [`QuestionnaireResponse/${form.id}`] : []), ...supporting],
        },
      ),
    );
    await this.intake.known(tx, request);
    await this.intake.receive(tx, request, { registered: { id, receivedAt, comment: `Received by ${body.receivedBy} from ${body.referrer.name}.`, flags: toldFlags(tx.scope, body) } });
    return id;
  }

  async #patient(tx: Tx, patient: Registration['patient']): Promise<string> {
    if (!('id' in patient)) return (await this.store.create(tx, registeredPatient(newId(), patient))).id;
    if (!(await this.store.find(tx, 'Patient', patient.id))) throw invalid('The patient is not known here.', { issues: [{ path: 'patient.id', message: 'Must be the id of a Patient of this clinic.' }] });
    return patient.id;
  }
}

const requesterOf = ({ referrer: { name, organisation, phone, email, address } }: Registration): Requester => ({ display: [name, organisation].filter(Boolean).join(', '), phone, email, address });

const toldFlags = ({ actor }: Scope, { redFlags, referrer }: Registration): ToldFlag[] =>
  redFlags.flatMap(({ flag: id, present }) => {
    const flag = redFlag(id);
    return flag ? [{ finding: { flag, state: present ? ('found' as const) : ('denied' as const) }, by: 'name' in actor ? `${referrer.name}, to ${actor.name}` : `${referrer.name}, by link` }] : [];
  });
