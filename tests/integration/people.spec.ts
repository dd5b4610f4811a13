import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Consent, Patient } from '@medplum/fhirtypes';
import { ContactPreferences, PatientLinks, Patients, Practitioners, type ContactProfile, type PatientFacts } from '@cairn/people';
import { newId } from '@cairn/kernel';
import { startTestApp, type TestApp } from '../support/app.js';
import type { FhirClient } from '../support/fhir-client.js';
import { fictionalPhone, mail, mobile, patientWith, sender } from '../support/patient-factory.js';
import { RestClient, type Refusal } from '../support/rest-client.js';

const HOUR = 3_600_000;

describe('people', () => {
  let app: TestApp;
  let fhir: FhirClient;
  let coordinator: RestClient;

  beforeAll(async () => {
    app = await startTestApp();
    fhir = await sender(app);
    coordinator = new RestClient(app, await app.as('coordinator'));
  });
  afterAll(() => app.stop());

  const preferences = (id: string) => coordinator.get<ContactProfile>(`patients/${id}/contact-preferences`);
  const standing = async (id: string): Promise<ContactProfile['standing']> => (await preferences(id)).body.standing;
  const consentOf = async (id: string): Promise<Consent[]> => {
    const ids = await fhir.ids(`/Consent?patient=Patient/${id}`);
    return Promise.all(ids.map(async (consent) => (await fhir.get<Consent>(`/Consent/${consent}`)).body));
  };

  describe('a patient whom a hospital sends', () => {
    it('may be written to about care, on what they gave to the hospital, and about nothing else', async () => {
      const id = await fhir.create(patientWith());
      const { body, etag } = await preferences(id);
      expect(etag).toMatch(/^W\/"\d+"$/);
      expect(body).toMatchObject({ channels: ['sms', 'email'], zone: 'America/New_York', origin: 'record' });
      expect(body.standing).toMatchObject({ optOuts: [], consents: [{ topic: 'care', channel: 'sms', how: 'given-to-provider' }, { topic: 'care', channel: 'email' }] });
      expect(await consentOf(id)).toMatchObject([{ status: 'active', provision: { type: 'permit' } }]);
    });

    it('is not written to where nothing was given', async () => {
      const id = await fhir.create(patientWith({ telecom: undefined }));
      expect((await preferences(id)).body).toMatchObject({ channels: [], version: 0, standing: { consents: [] } });
    });

    it('gets a channel more when the hospital learns of one, unless a person chose', async () => {
      const patient = patientWith({ telecom: [mobile(fictionalPhone())] });
      const id = await fhir.create(patient);
      const more: Patient = { ...patient, id, telecom: [...(patient.telecom ?? []), mail('more@example.org')] };
      expect((await fhir.put(`/Patient/${id}`, more)).status).toBe(200);
      const { body, etag } = await preferences(id);
      expect(body.channels).toEqual(['sms', 'email']);
      expect((await coordinator.put(`patients/${id}/contact-preferences`, { channels: ['email'], zone: null }, etag)).status).toBe(200);
      expect((await fhir.put(`/Patient/${id}`, { ...more, birthDate: '1980-05-18' })).status).toBe(200);
      expect((await preferences(id)).body).toMatchObject({ channels: ['email'], origin: 'chosen' });
    });

    it('stands there with the facts that others need', async () => {
      const id = await fhir.create(patientWith({ language: 'es-MX', extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired', valueBoolean: true }] }));
      const facts = await coordinator.read<PatientFacts>(`patients/${id}`);
      expect(facts).toMatchObject({ id, givenName: 'Robin', familyName: 'Example', deceased: false, language: 'es-MX', interpreterNeeded: true, phones: [expect.stringMatching(/^\+1646/)] });
    });
  });

  describe('changing how a patient is contacted', () => {
    const put = <Body = ContactProfile>(id: string, etag: string | undefined, body: object) => coordinator.put<Body>(`patients/${id}/contact-preferences`, body, etag);

    it('names the version that was read', async () => {
      const id = await fhir.create(patientWith());
      const { etag } = await preferences(id);
      expect((await put(id, undefined, { channels: ['email'] })).status).toBe(428);
      expect((await put(id, 'nonsense', { channels: ['email'] })).status).toBe(400);
      const changed = await put(id, etag, { channels: ['email', 'sms'], zone: 'America/Denver' });
      expect(changed).toMatchObject({ status: 200, body: { channels: ['email', 'sms'], zone: 'America/Denver' } });
      expect(await put<Refusal>(id, etag, { channels: ['sms'] })).toMatchObject({ status: 412, body: { code: 'stale-version' } });
    });

    it('works for a patient of whom nothing was kept before', async () => {
      const id = await fhir.create(patientWith({ telecom: undefined }));
      expect((await put(id, 'W/"0"', { channels: ['sms'] })).status).toBe(200);
      expect((await put(id, 'W/"0"', { channels: ['sms'] })).status).toBe(412);
    });

    it.each([
      [{ channels: ['pigeon'] }, 'channels.0'],
      [{ channels: ['sms', 'sms'] }, 'channels'],
      [{ channels: ['sms'], zone: 'Mars/Olympus' }, 'zone'],
      [{}, 'channels'],
    ])('refuses %j and names %s', async (body, field) => {
      const id = await fhir.create(patientWith());
      const refused = await put<Refusal>(id, (await preferences(id)).etag, body);
      expect(refused.status).toBe(400);
      expect(refused.body.errors?.map((error) => error.field)).toContain(field);
    });

    it('takes opt-outs and consents, each with its face in FHIR', async () => {
      const id = await fhir.create(patientWith());
      const post = (path: string, body: object) => coordinator.post<ContactProfile>(`patients/${id}/${path}`, body);
      const out = await post('opt-outs', { topic: 'all', how: 'phone' });
      expect(out.status).toBe(201);
      expect(out.body.standing.optOuts).toMatchObject([{ topic: 'care', how: 'phone' }, { topic: 'questionnaires' }]);
      expect((await consentOf(id)).map(({ provision }) => provision?.type)).toEqual(['deny', 'deny']);
      expect((await post('opt-ins', { topic: 'care', how: 'in-person' })).status).toBe(201);
      expect((await post('consents', { topic: 'questionnaires', channel: 'sms', given: true, how: 'written' })).status).toBe(201);
      expect((await post('consents', { topic: 'questionnaires', channel: 'carrier', given: true, how: 'written' })).status).toBe(400);
      const { optOuts, consents } = await standing(id);
      expect(optOuts).toMatchObject([{ topic: 'questionnaires' }]);
      expect(consents).toHaveLength(3);
      expect(await coordinator.read(`patients/${id}/opt-outs`)).toEqual({ optOuts });
      expect(await coordinator.read(`patients/${id}/consents`)).toEqual({ consents });
    });

    it('is for those whose work it is, and about patients who are there', async () => {
      const id = await fhir.create(patientWith());
      const as = async (role: 'hospital-it' | 'conference-lead') => new RestClient(app, await app.as(role));
      expect((await (await as('hospital-it')).get(`patients/${id}`)).status).toBe(403);
      expect((await (await as('conference-lead')).get(`patients/${id}/contact-preferences`)).status).toBe(403);
      expect((await coordinator.get(`patients/${newId()}`)).status).toBe(404);
      expect((await coordinator.post(`patients/${newId()}/opt-outs`, { topic: 'all', how: 'phone' })).status).toBe(404);
      expect((await coordinator.get('patients/no$id')).status).toBe(400);
    });

    it('loses nothing when many decide at once', async () => {
      const id = await fhir.create(patientWith());
      await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          app.transactions.run(app.scope(), async (tx) => {
            const book = app.get(ContactPreferences);
            await (index % 2 === 0 ? book.recordOptOut(tx, id, 'care', 'phone') : book.recordOptIn(tx, id, 'care', 'phone'));
          }),
        ),
      );
      const [consent] = await consentOf(id);
      expect(consent?.provision?.type).toBe((await standing(id)).optOuts.length > 0 ? 'deny' : 'permit');
      const [row] = await app.transactions.run(app.scope(), (tx) => tx.query<{ count: string }>('select count(*) from contact_decision where patient_id = $1', [id]));
      expect(Number(row?.count)).toBe(10);
    });
  });

  describe('a link for a patient', () => {
    const issue = (expiresInHours: number) =>
      app.transactions.run(app.scope(), (tx) => app.get(PatientLinks).issue(tx, { patientId: 'p', purpose: 'test', subject: 's', expiresAt: new Date(tx.clock.now().getTime() + expiresInHours * HOUR) }));
    const open = (token: string, purpose = 'test') => app.get(PatientLinks).open(token, purpose);

    it('opens for its purpose, until it expires', async () => {
      const token = await issue(1);
      expect(token).toMatch(/^[\w-]{54}$/);
      expect(await open(token)).toMatchObject({ clinicId: app.clinicId, patientId: 'p', subject: 's' });
      expect(await open(token, 'another')).toBeUndefined();
      await app.advance(HOUR);
      expect(await open(token)).toBeUndefined();
    });

    it('does not open when any character is changed, or when it is no token', async () => {
      const token = await issue(1);
      for (const place of [0, 10, 25, 53]) {
        const other = token[place] === 'A' ? 'B' : 'A';
        expect(await open(token.slice(0, place) + other + token.slice(place + 1))).toBeUndefined();
      }
      for (const nonsense of ['', 'x', '../../etc/passwd', 'ÿ'.repeat(54)]) expect(await open(nonsense)).toBeUndefined();
    });

    it('is kept as a hash only', async () => {
      const token = await issue(1);
      const rows = await app.transactions.run(app.scope(), (tx) => tx.query('select * from patient_link'));
      expect(JSON.stringify(rows)).not.toContain(token);
    });
  });

  it('knows the team by discipline and by who signs in', async () => {
    await app.transactions.run(app.scope(), async (tx) => {
      const practitioners = app.get(Practitioners);
      const physicians = await practitioners.inDiscipline(tx, 'physician');
      expect(physicians.map(({ display }) => display).sort()).toEqual(['Demo conference lead', 'Demo physician']);
      expect(await practitioners.ofUser(tx, 'demo-clinician')).toMatchObject({ display: 'Demo physician', disciplines: ['physician'] });
      expect(await practitioners.ofUser(tx, 'nobody')).toBeUndefined();
      expect(await practitioners.careTeam(tx, 'nobody', 'UTC')).toEqual([]);
      expect(await app.get(Patients).get(tx, 'nobody')).toBeUndefined();
    });
  });
});
