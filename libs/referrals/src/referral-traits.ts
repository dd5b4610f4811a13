import { createHash } from 'node:crypto';
import type { Patient, ServiceRequest } from '@medplum/fhirtypes';
import { isTyped } from './referral.fhir.js';

/** A mark by which the same request or the same person is seen again, whatever route they come by. Persons are hashed: the mark tells nobody who it is. */
export interface Trait {
  readonly kind: 'same-person' | 'same-request';
  readonly mark: string;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 32);

const plain = (text: string): string => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

/** The placer's numbers, and the person by each number and by name with the whole date of birth. What has no system, or half a date, marks nobody. */
export function traitsOf(request: ServiceRequest, patient: Patient | undefined): Trait[] {
  const requests = (request.identifier ?? [])
    .filter((identifier) => identifier.type === undefined || isTyped(identifier, 'PLAC'))
    .flatMap(({ system, value }): Trait[] => (system && value ? [{ kind: 'same-request', mark: `request:${hash(`${system}|${value}`)}` }] : []));
  const numbers = (patient?.identifier ?? []).flatMap(({ system, value }): Trait[] => (system && value ? [{ kind: 'same-person', mark: `person:${hash(`${system}|${value}`)}` }] : []));
  const { birthDate = '' } = patient ?? {};
  const names = /^\d{4}-\d\d-\d\d$/.test(birthDate)
    ? (patient?.name ?? []).flatMap(({ family = '', given = [] }): Trait[] => {
        const name = [plain(family), plain(given[0] ?? '')];
        return name.every((part) => part !== '') ? [{ kind: 'same-person', mark: `person:${hash([...name, birthDate].join('|'))}` }] : [];
      })
    : [];
  return [...new Map([...requests, ...numbers, ...names].map((trait) => [trait.mark, trait])).values()].slice(0, 50);
}
