import type { Circuit } from './circuit.js';
import type { EhrConnection } from './ehr-connection.entity.js';

/** The circuit breaker that stands in a connection's row. */
export const circuitOf = ({ circuit, failures, circuitUntil }: EhrConnection): Circuit => ({ state: circuit, failures, until: circuitUntil });

/** Writes a circuit into its row, which the caller has locked. */
export function setCircuit(connection: EhrConnection, { state, failures, until }: Circuit): void {
  connection.circuit = state;
  connection.failures = failures;
  connection.circuitUntil = until;
}
