import { newId } from '@cairn/kernel';
import { offered, type Capability } from '../connection/capability.js';
import type { BusinessIdentifier } from '../exchange/outgoing.js';
import { readFhirJson, type FhirJson } from '../fhir-json.js';
import { createsOnce } from '../forms/forms.js';

/** A resource about nobody, made to see what an EHR keeps of it. */
export interface TestResource {
  readonly type: string;
  readonly identifier: BusinessIdentifier;
  readonly content: FhirJson;
  /** The same, marked as not meant. */
  readonly withdrawn: FhirJson;
}

/** A decimal whose last digit a careless store drops. */
export const TELLING_DECIMAL = '1.10';

const SENTENCE = 'Test of the connection with Cairn. It is about no patient and may be deleted.';

/** Rich in extensions: nested, on a primitive, with references and a decimal. The text is parsed so that the decimal keeps its digits. */
const EXTENSIONS = `[
  {"url": "urn:cairn:check-nested", "extension": [{"url": "dose", "valueDecimal": ${TELLING_DECIMAL}}, {"url": "when", "valueDateTime": "2026-01-31T08:15:00+13:45"}]},
  {"url": "urn:cairn:check-concept", "valueCodeableConcept": {"coding": [{"system": "urn:cairn:code", "code": "check"}], "text": "año nuevo, naïve, 新年"}}
]`;

const COMMUNICATION = `{"resourceType": "Communication", "extension": ${EXTENSIONS}, "status": "preparation",
  "payload": [{"contentString": "${SENTENCE}", "_contentString": {"extension": [{"url": "urn:cairn:check-primitive", "valueBoolean": true}]}}]}`;

const DOCUMENT = `{"resourceType": "DocumentReference", "extension": ${EXTENSIONS}, "status": "current", "description": "${SENTENCE}",
  "_description": {"extension": [{"url": "urn:cairn:check-primitive", "valueBoolean": true}]},
  "content": [{"attachment": {"contentType": "text/plain", "data": "${Buffer.from(SENTENCE).toString('base64')}"}}]}`;

/** A test resource of a type that this EHR lets Cairn create without a patient; undefined where there is none. */
export function testResource(capability: Capability): TestResource | undefined {
  for (const text of [COMMUNICATION, DOCUMENT]) {
    const content = readFhirJson(text);
    const type = String(content['resourceType']);
    if (!createsOnce(offered(capability, type))) continue;
    const identifier = { system: 'urn:cairn:check', value: newId() };
    const whole = { ...content, identifier: [identifier] };
    return { type, identifier, content: whole, withdrawn: { ...whole, status: 'entered-in-error' } };
  }
  return undefined;
}
