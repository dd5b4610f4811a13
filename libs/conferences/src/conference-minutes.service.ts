import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { newId, notFound } from '@cairn/kernel';
import { FhirStore } from '@cairn/fhir';
import { localDay } from '@cairn/people';
import { Clinics, Transactions, audit, type Scope, type Tx } from '@cairn/platform';
import { Agenda } from './agenda.service.js';
import type { AgendaItem } from './agenda-item.entity.js';
import { Colleagues } from './colleagues.service.js';
import { ConferenceAddendum } from './conference-addendum.entity.js';
import { itemView, type ConferenceFacts } from './conference-facts.js';
import { ConferenceLedger, type Opened } from './conference-ledger.service.js';
import { MINUTES_SIGNED } from './conferences.events.js';
import { impressionOf, minutesReference, noticeText, noticeToReferrer, signatureOf, type MinutesDocument, type Signer } from './decision.fhir.js';
import { MinutesRendering } from './minutes-rendering.service.js';
import { MinutesSigning, type Sign } from './minutes-signing.service.js';
import { addendumPage } from './minutes.page.js';
import { Recommendations } from './recommendations.service.js';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** One patient's part of the minutes, with the signature over it. */
interface SignedPart {
  readonly item: AgendaItem;
  readonly document: MinutesDocument;
  readonly hash: string;
  readonly jws: string;
}

/** From the meeting's notes to signed minutes, and to what follows from them. */
@Injectable()
export class ConferenceMinutes {
  constructor(
    @Inject(FhirStore) private readonly store: FhirStore,
    private readonly transactions: Transactions,
    private readonly ledger: ConferenceLedger,
    private readonly agenda: Agenda,
    private readonly recommendations: Recommendations,
    private readonly colleagues: Colleagues,
    private readonly rendering: MinutesRendering,
    private readonly signing: MinutesSigning,
    private readonly clinics: Clinics,
  ) {}

  /** Ends the meeting: the minutes stand as a draft. Refuses while an item has no outcome. */
  async draft(scope: Scope, id: string, version: number | undefined): Promise<ConferenceFacts> {
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.openAt(tx, id, version);
      opened.conference.closedAt = tx.clock.now();
      await this.ledger.step(tx, opened, 'draft');
      await this.ledger.project(tx, opened);
      return this.ledger.answer(tx, opened);
    });
  }

  /** One patient's minutes as a page: the draft as it stands, or the signed document. */
  async read(scope: Scope, conferenceId: string, itemId: string): Promise<string> {
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.open(tx, conferenceId);
      const item = opened.items.find(({ id }) => id === itemId);
      if (!item) throw notFound('The agenda item');
      await audit(tx, { action: 'read', what: 'conference.minutes', entities: [`DocumentReference/${itemId}`], patients: [item.patientId] });
      if (!opened.conference.signedAt) return this.rendering.render(tx, opened, item);
      const document = await this.store.read(tx, 'DocumentReference', itemId);
      return Buffer.from(document.content[0]?.attachment.data ?? '', 'base64').toString('utf8');
    });
  }

  /**
   * Signs the minutes: from now on they change by addendum only. Each patient's part becomes a document of its own with its signature, each
   * decision a ClinicalImpression, each recommendation an owned Task; the referrers are told; what was not discussed comes back. Refuses
   * decisions without a quorum, and minutes that changed since they were read.
   */
  async sign(scope: Scope, id: string, version: number | undefined): Promise<ConferenceFacts> {
    const sign = await this.signing.prepare();
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.openAt(tx, id, version);
      const { conference } = opened;
      const signer = await this.colleagues.signer(tx);
      const signedAt = tx.clock.now();
      const parts = await this.#signParts(tx, opened, signer, signedAt, sign);
      const minutesHash = sha256(parts.map(({ hash }) => hash).join('\n'));
      const whole = { conference: id, minutes: parts.map(({ document, hash }) => ({ document: `DocumentReference/${document.id}`, sha256: hash })), signer: signer.userId, signedAt };
      Object.assign(conference, { signedAt, signedBy: signer.userId, signedName: signer.name, minutesHash, signature: await sign(whole) });
      await this.ledger.step(tx, opened, 'sign');
      await this.ledger.project(tx, opened);
      await tx.flush();
      for (const part of parts) await this.#follow(tx, id, part);
      await tx.emit(MINUTES_SIGNED, { conferenceId: id });
      return this.ledger.answer(tx, opened);
    });
  }

  /** Adds to the signed minutes of one patient. What was signed stays as it is. */
  async amend(scope: Scope, id: string, version: number | undefined, { itemId, text }: { itemId: string; text: string }): Promise<ConferenceFacts> {
    const sign = await this.signing.prepare();
    return this.transactions.run(scope, async (tx) => {
      const opened = await this.ledger.openAt(tx, id, version);
      const item = opened.items.find((candidate) => candidate.id === itemId);
      if (!item) throw notFound('The agenda item');
      await this.ledger.step(tx, opened, 'amend', { itemId });
      const signer = await this.colleagues.signer(tx);
      const signedAt = tx.clock.now();
      const clinic = await this.ledger.clinicReference(tx);
      const { title } = opened.conference;
      const html = addendumPage({ clinic: clinic.display, title, text, signed: { name: signer.name, at: await this.rendering.when(tx, signedAt) } });
      const document: MinutesDocument = { id: newId(), title: `Addendum: ${title}`, item: itemView(item), html, signer, signedAt, clinic, appendsTo: itemId };
      const jws = await sign({ conference: id, document: `DocumentReference/${document.id}`, sha256: sha256(html), signer: signer.userId, signedAt });
      tx.em.create(ConferenceAddendum, { clinicId: scope.clinicId, id: document.id, conferenceId: id, itemId, text, signedAt, signedBy: signer.userId, signedName: signer.name, signature: jws });
      await tx.flush();
      await this.store.create(tx, minutesReference(document));
      await this.store.create(tx, signatureOf(newId(), document, [], jws));
      await this.ledger.project(tx, opened);
      return this.ledger.answer(tx, opened);
    });
  }

  async #signParts(tx: Tx, opened: Opened, signer: Signer, signedAt: Date, sign: Sign): Promise<SignedPart[]> {
    const { id, title } = opened.conference;
    const clinic = await this.ledger.clinicReference(tx);
    const parts: SignedPart[] = [];
    for (const item of opened.items) {
      const html = await this.rendering.render(tx, opened, item, { name: signer.name, at: signedAt });
      const hash = sha256(html);
      const document: MinutesDocument = { id: item.id, title: `Minutes: ${title}`, item: itemView(item), html, signer, signedAt, clinic };
      const jws = await sign({ conference: id, document: `DocumentReference/${item.id}`, sha256: hash, signer: signer.userId, signedAt });
      parts.push({ item, document, hash, jws });
    }
    return parts;
  }

  /** What follows from one signed part. */
  async #follow(tx: Tx, conferenceId: string, { item, document, jws }: SignedPart): Promise<void> {
    const { decision } = item;
    const targets: string[] = [];
    if (decision) {
      await this.store.create(tx, impressionOf(document.item, decision, document.signer, document.signedAt));
      targets.push(`ClinicalImpression/${item.id}`);
      for (const draft of decision.recommendations) targets.push(`Task/${(await this.recommendations.make(tx, conferenceId, item, decision.rationale, draft)).id}`);
    }
    await this.store.create(tx, minutesReference(document));
    await this.store.create(tx, signatureOf(newId(), document, targets, jws));
    if (!decision) {
      const { patientId, question, source } = item;
      await this.agenda.comeBack(tx, { patientId, referralId: item.referralId ?? null, serviceRequestId: item.serviceRequestId ?? null, question, presenter: item.presenter ?? null, source });
    } else if (item.serviceRequestId) {
      const request = await this.store.find(tx, 'ServiceRequest', item.serviceRequestId);
      const { zone } = await this.clinics.get(tx.scope.clinicId);
      await this.store.create(tx, noticeToReferrer(document, item.serviceRequestId, request?.requester, noticeText(localDay(document.signedAt, zone), decision)));
    }
  }
}
