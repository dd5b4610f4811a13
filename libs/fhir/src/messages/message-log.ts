import { createHash } from 'node:crypto';
import { conflict } from '@cairn/kernel';
import type { Tx } from '@cairn/platform';
import { NO_CONNECTION } from '../store/create-claims.js';
import type { Message } from './read-message.js';

/** A message that nobody else can begin to process until the transaction ends. */
export class ClaimedMessage {
  constructor(
    private readonly tx: Tx,
    private readonly key: readonly unknown[],
    /** What was answered when it came before; undefined for a new one. */
    readonly answered: string | undefined,
  ) {}

  /** Remembers the answer under every name of the message. */
  async settle(response: string): Promise<void> {
    await this.tx.query({
      name: 'fhir-message-settle',
      text: `update fhir_message set response = $5
        where clinic_id = $1 and connection_id = $2 and sender = $3 and message_name = any($4) and response is null`,
      values: [...this.key, response],
    });
  }
}

/**
 * Claims a message for its sender by its names, which are the id of its header and the identifier of its Bundle. Where the same message is
 * being processed at this moment, waits until that is done. Refuses with 409 another content under a name that was used before.
 */
export async function claimMessage(tx: Tx, { header, identifier, entries }: Message): Promise<ClaimedMessage> {
  const { clinicId, actor } = tx.scope;
  const names = [digest('header', header.id), ...(identifier === undefined ? [] : [digest('bundle', identifier)])].sort((a, b) => a.compare(b));
  const content = digest(...entries.map(({ entry: { fullUrl = '', resource } }) => `${fullUrl} ${resource?.json ?? ''}`));
  const key = [clinicId, (actor.kind === 'system' ? actor.connectionId : null) ?? NO_CONNECTION, `${actor.kind}:${actor.id}`, names];
  await tx.query({
    name: 'fhir-message-claim',
    text: `insert into fhir_message (clinic_id, connection_id, sender, message_name, content, received_at)
      select $1, $2, $3, message_name, $5, $6 from unnest($4::bytea[]) as n (message_name)
      on conflict do nothing`,
    values: [...key, content, tx.clock.now()],
  });
  const earlier = await tx.query<{ content: Buffer; response: string }>({
    name: 'fhir-message-answered',
    text: `select content, response from fhir_message
      where clinic_id = $1 and connection_id = $2 and sender = $3 and message_name = any($4) and response is not null`,
    values: key,
  });
  if (earlier.some((each) => !each.content.equals(content))) {
    throw conflict('Another message was sent under this name before.', {
      code: 'message-name-used',
      issues: [{ path: 'Bundle.entry[0].resource.id', message: 'Give each message a MessageHeader.id, and a Bundle.identifier if it has one, of its own; send a message again unchanged.' }],
    });
  }
  return new ClaimedMessage(tx, key, earlier[0]?.response);
}

/** A digest of the parts and of where each ends. */
function digest(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
