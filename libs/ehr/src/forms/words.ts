import { identifiersOf, objectsAt, textOf, type FhirJson } from '../fhir-json.js';

/** Finds the content of a resource that another one refers to by `Type/id`. */
export type Lookup = (reference: string) => FhirJson | undefined;

const text = (from: FhirJson, element: string): string => textOf(from[element]) ?? '';

/** A CodeableConcept in words: its text, else the first display, else the first code. */
function concept(value: unknown): string {
  const [found] = objectsAt(value);
  if (!found) return '';
  const codings = objectsAt(found['coding']);
  const display = codings.map((coding) => text(coding, 'display')).find(Boolean);
  return text(found, 'text') || display || (codings[0] ? text(codings[0], 'code') : '');
}

const line = (label: string, ...parts: string[]): string[] => {
  const said = parts.filter(Boolean).join(' ');
  return said ? [`${label}: ${said}`] : [];
};

const period = (from: FhirJson, element: string): string =>
  objectsAt(from[element])
    .map((value) => [text(value, 'start') && `from ${text(value, 'start')}`, text(value, 'end') && `to ${text(value, 'end')}`].filter(Boolean).join(' '))
    .join();

const notes = (from: FhirJson): string[] => objectsAt(from['note']).flatMap((note) => line('Note', text(note, 'text')));

/** A `value[x]` or `detail[x]` in words, with the digits it was recorded with. */
function measured(from: FhirJson): string {
  const [, value] = Object.entries(from).find(([element]) => /^(value|detail)[A-Z]/.test(element)) ?? [];
  const primitive = textOf(value);
  if (primitive !== undefined) return primitive;
  const [object] = objectsAt(value);
  if (!object) return '';
  const quantity = [text(object, 'comparator'), text(object, 'value'), text(object, 'unit') || text(object, 'code')].filter(Boolean).join(' ');
  return concept(object) || quantity || text(object, 'display');
}

function task(it: FhirJson): string[] {
  const number = identifiersOf(it).find(({ types }) => types.includes('PLAC'))?.value;
  return [
    `Referral${number ? ` ${number}` : ''}: ${text(it, 'status')}`,
    ...line('Stage', concept(it['businessStatus'])),
    ...line('Reason', concept(it['statusReason'])),
    ...line('Urgency', text(it, 'priority')),
    ...objectsAt(it['output']).flatMap((output) => line(concept(output['type']) || 'Outcome', measured(output))),
    ...notes(it),
  ];
}

function goal(it: FhirJson): string[] {
  return [
    `Goal: ${concept(it['description'])}`,
    ...line('Status', text(it, 'lifecycleStatus'), concept(it['achievementStatus'])),
    ...objectsAt(it['target']).flatMap((target) => line('Target', concept(target['measure']), measured(target), text(target, 'dueDate') && `by ${text(target, 'dueDate')}`)),
    ...notes(it),
  ];
}

function activity(it: FhirJson): string[] {
  const [detail] = objectsAt(it['detail']);
  if (!detail) return objectsAt(it['reference']).flatMap((reference) => line('Activity', text(reference, 'display')));
  const status = text(detail, 'status');
  return line('Activity', text(detail, 'description') || concept(detail['code']), status && `(${status})`, text(detail, 'scheduledString'));
}

function carePlan(it: FhirJson, lookup: Lookup): string[] {
  return [
    text(it, 'title') || 'Care plan',
    ...line('Status', text(it, 'status')),
    ...line('Period', period(it, 'period')),
    ...line('About', text(it, 'description')),
    ...objectsAt(it['goal']).flatMap((reference) => {
      const found = lookup(text(reference, 'reference'));
      return found ? goal(found) : line('Goal', text(reference, 'display'));
    }),
    ...objectsAt(it['activity']).flatMap(activity),
    ...notes(it),
  ];
}

function observation(it: FhirJson): string[] {
  return [
    `${concept(it['code']) || 'Observation'}: ${measured(it)}`.replace(/: $/, ''),
    ...line('Status', text(it, 'status')),
    ...line('When', text(it, 'effectiveDateTime') || period(it, 'effectivePeriod')),
    ...line('Interpretation', ...objectsAt(it['interpretation']).map(concept)),
    ...objectsAt(it['component']).flatMap((component) => line(concept(component['code']), measured(component))),
    ...notes(it),
  ];
}

function appointment(it: FhirJson): string[] {
  return [
    text(it, 'description') || concept(objectsAt(it['serviceType'])[0]) || 'Appointment',
    ...line('Status', text(it, 'status')),
    ...line('Time', text(it, 'start') && `from ${text(it, 'start')}`, text(it, 'end') && `to ${text(it, 'end')}`),
    ...line('Reason for cancelling', concept(it['cancelationReason'])),
  ];
}

const answers = (items: unknown): string[] =>
  objectsAt(items).flatMap((item) => [
    ...objectsAt(item['answer']).flatMap((answer) => line(text(item, 'text') || text(item, 'linkId'), measured(answer))),
    ...answers(item['item']),
  ]);

const questionnaireResponse = (it: FhirJson): string[] => [
  ...line('Questionnaire', text(it, 'questionnaire')),
  ...line('Answered', text(it, 'authored')),
  ...answers(it['item']),
];

const communication = (it: FhirJson): string[] => [
  concept(it['topic']) || concept(objectsAt(it['category'])[0]) || 'Message',
  ...objectsAt(it['payload']).flatMap((payload) => text(payload, 'contentString') || []),
  ...notes(it),
];

const SPOKEN: Record<string, (it: FhirJson, lookup: Lookup) => string[]> = {
  Task: task,
  Goal: goal,
  CarePlan: carePlan,
  Observation: observation,
  Appointment: appointment,
  QuestionnaireResponse: questionnaireResponse,
  Communication: communication,
};

/**
 * A resource in plain English lines, for the staff of an EHR that can't take the resource itself. The first line is a title. Says nothing
 * that the resource does not; empty for a type that has no words here.
 */
export const inWords = (type: string, resource: FhirJson, lookup: Lookup): string[] => SPOKEN[type]?.(resource, lookup) ?? [];
