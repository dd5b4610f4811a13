import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Consent, Patient } from '@medplum/fhirtypes';
import { ContactPreferences, PatientLinks, Patients, Practitioners } from '@cairn/people';
import { newId } from '@cairn/kernel';
import { startTestApp, type TestApp } from '../support/app.js';
import type { FhirClient } from '../support/fhir-client.js';
import { fictionalPhone, mail, mobile, patientWith, sender } from '../support/patient-factory.js';

const HOUR = 3_600_000;

describe('people', () => {
  let app: TestApp;
  let fhir: FhirClient;
  let coordinator: string;

  beforeAll(async () => {
    app = await startTestApp();
    fhir = await sender(app);
    coordinator = await app.as('coordinator');
  });
  afterAll(() => app.stop());

  const preferences = (id: string) => app.request.get(`/api/v1/patients/${id}/contact-preferences`).set('authorization', coordinator);
  const consentOf = async (id: string): Promise<Consent[]> => {
    const ids = await fhir.ids(`/Consent?patient=Patient/${id}`);
    return Promise.all(ids.map(async (consent) => (await fhir.get<Consent>(`/Consent/${consent}`)).body));
  };

  describe('a patient whom a hospital sends', () => {
    it('may be written to about care, on what they gave to the hospital, and about nothing else', async () => {
      const id = await fhir.create(patientWith());
      const { body, headers } = await preferences(id).expect(200);
      expect(headers['etag']).toMatch(/^W\/"\d+"$/);
      expect(body).toMatchObject({ channels: ['sms', 'email'], zone: 'America/New_York', origin: 'record' });
      expect(body.standing).toMatchObject({ optOuts: [], consents: [{ topic: 'care', channel: 'sms', how: 'given-to-provider' }, { topic: 'care', channel: 'email' }] });
      expect(await consentOf(id)).toMatchObject([{ status: 'active', provision: { type: 'permit' } }]);
    });

    it('is not written to where nothing was given', async () => {
      const id = await fhir.create(patientWith({ telecom: undefined }));
      expect((await preferences(id).expect(200)).body).toMatchObject({ channels: [], version: 0, standing: { consents: [] } });
    });

    it('gets a channel more when the hospital learns of one, unless a person chose', async () => {
      const patient = patientWith({ telecom: [mobile(fictionalPhone())] });
      const id = await fhir.create(patient);
      const more: Patient = { ...patient, id, telecom: [...(patient.telecom ?? []), mail('more@example.org')] };
      expect((await fhir.put(`/Patient/${id}`, more)).status).toBe(200);
      const { body, headers } = await preferences(id).expect(200);
      expect(body.channels).toEqual(['sms', 'email']);
      await app.request.put(`/api/v1/patients/${id}/contact-preferences`).set('authorization', coordinator).set('if-match', String(headers['etag'])).send({ channels: ['email'], zone: null }).expect(200);
      expect((await fhir.put(`/Patient/${id}`, { ...more, birthDate: '1980-05-18' })).status).toBe(200);
      expect((await preferences(id).expect(200)).body).toMatchObject({ channels: ['email'], origin: 'chosen' });
    });

    it('stands there with the facts that others need', async () => {
      const id = await fhir.create(patientWith({ language: 'es-MX', extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired', valueBoolean: true }] }));
      const { body } = await app.request.get(`/api/v1/patients/${id}`).set('authorization', coordinator).expect(200);
      expect(body).toMatchObject({ id, givenName: 'Robin', familyName: 'Example', deceased: false, language: 'es-MX', interpreterNeeded: true, phones: [expect.stringMatching(/^\+1646/)] });
    });
  });

  describe('changing how a patient is contacted', () => {
    const put = (id: string, etag: string | undefined, body: object) => {
      const request = app.request.put(`/api/v1/patients/${id}/contact-preferences`).set('authorization', coordinator);
      return (etag === undefined ? request : request.set('if-match', etag)).send(body);
    };

    it('names the version that was read', async () => {
      const id = await fhir.create(patientWith());
      const read = (await preferences(id)).headers['etag'];
      expect((await put(id, undefined, { channels: ['email'] })).status).toBe(428);
      expect((await put(id, 'nonsense', { channels: ['email'] })).status).toBe(400);
      const changed = await put(id, read, { channels: ['email', 'sms'], zone: 'America/Denver' });
      expect(changed.status).toBe(200);
      expect(changed.body).toMatchObject({ channels: ['email', 'sms'], zone: 'America/Denver' });
      const stale = await put(id, read, { channels: ['sms'] });
      expect([stale.status, stale.body.code]).toEqual([412, 'stale-version']);
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
      const refused = await put(id, (await preferences(id)).headers['etag'], body);
      expect(refused.status).toBe(400);
      expect(refused.body.errors.map((error: { field: string }) => error.field)).toContain(field);
    });

    it('takes opt-outs and consents, each with its face in FHIR', async () => {
      const id = await fhir.create(patientWith());
      const post = (path: string, body: object) => app.request.post(`/api/v1/patients/${id}/${path}`).set('authorization', coordinator).send(body);
      const out = await post('opt-outs', { topic: 'all', how: 'phone' });
      expect(out.status).toBe(201);
      expect(out.body.standing.optOuts).toMatchObject([{ topic: 'care', how: 'phone' }, { topic: 'questionnaires' }]);
      expect((await consentOf(id)).map(({ provision }) => provision?.type)).toEqual(['deny', 'deny']);
      await post('opt-ins', { topic: 'care', how: 'in-person' }).expect(201);
      await post('consents', { topic: 'questionnaires', channel: 'sms', given: true, how: 'written' }).expect(201);
      const { body } = await preferences(id);
      expect(body.standing.optOuts).toMatchObject([{ topic: 'questionnaires' }]);
      expect(body.standing.consents).toHaveLength(3);
      await post('consents', { topic: 'questionnaires', channel: 'carrier', given: true, how: 'written' }).expect(400);
      expect((await app.request.get(`/api/v1/patients/${id}/opt-outs`).set('authorization', coordinator)).body.optOuts).toHaveLength(1);
      expect((await app.request.get(`/api/v1/patients/${id}/consents`).set('authorization', coordinator)).body.consents).toHaveLength(3);
    });

    it('is for those whose work it is, and about patients who are there', async () => {
      const id = await fhir.create(patientWith());
      await app.request.get(`/api/v1/patients/${id}`).set('authorization', await app.as('hospital-it')).expect(403);
      await app.request.get(`/api/v1/patients/${id}/contact-preferences`).set('authorization', await app.as('conference-lead')).expect(403);
      await app.request.get(`/api/v1/patients/${newId()}`).set('authorization', coordinator).expect(404);
      await app.request.post(`/api/v1/patients/${newId()}/opt-outs`).set('authorization', coordinator).send({ topic: 'all', how: 'phone' }).expect(404);
      await app.request.get('/api/v1/patients/no$id').set('authorization', coordinator).expect(400);
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
      const [standing, consents] = [(await preferences(id)).body.standing, await consentOf(id)];
      expect(consents.find(({ id: consent }) => consent === consents[0]?.id)?.provision?.type).toBe(standing.optOuts.length > 0 ? 'deny' : 'permit');
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
