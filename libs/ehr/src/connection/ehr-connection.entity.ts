import { defineEntity, p } from '@mikro-orm/postgresql';
import type { Capability } from './capability.js';
import type { CircuitState } from './circuit.js';

export type ConnectionState = 'active' | 'paused';

const EhrConnectionSchema = defineEntity({
  name: 'EhrConnection',
  tableName: 'ehr_connection',
  properties: {
    clinicId: p.uuid().primary(),
    id: p.uuid().primary(),
    name: p.string(),
    baseUrl: p.string(),
    clientId: p.string(),
    scopes: p.string(),
    gatewayHeader: p.string().strictNullable(),
    sealedGatewayKey: p.string().strictNullable(),
    state: p.string().$type<ConnectionState>(),
    tokenEndpoint: p.string().strictNullable(),
    capability: p.json<Capability>().strictNullable(),
    capabilityReadAt: p.datetime().strictNullable(),
    circuit: p.string().$type<CircuitState>(),
    failures: p.integer(),
    circuitUntil: p.datetime().strictNullable(),
    lastSuccessAt: p.datetime().strictNullable(),
    lastFailureAt: p.datetime().strictNullable(),
    lastProblem: p.string().strictNullable(),
    madeAt: p.datetime(),
  },
});

/**
 * A link to one outside EHR: where it is, what it calls Cairn, what it said it can do, and how it is doing. The key that a gateway before
 * it may ask for is sealed; Cairn's own signing key stands elsewhere. Every change locks the row, since deliveries change it all the time.
 */
export class EhrConnection extends EhrConnectionSchema.class {}
EhrConnectionSchema.setClass(EhrConnection);
