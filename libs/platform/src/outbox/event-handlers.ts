import { Injectable } from '@nestjs/common';
import type { EventIds, Tx } from '../database/tx.js';

/** An event as a handler receives it. */
export interface OutboxEvent {
  readonly id: string;
  readonly event: string;
  readonly ids: EventIds;
}

/**
 * Reacts to news from another feature. `handle` runs in one transaction with the record that it ran, so it happens exactly once however
 * often the bell rings; it must do nothing outside PostgreSQL (what must leave the house is written down as a row that is due).
 */
export interface EventHandler {
  /** Unique and stable: it is stored with each event. */
  readonly name: string;
  /** Names of the events it wants. */
  readonly events: readonly string[];
  handle(tx: Tx, event: OutboxEvent): Promise<void>;
}

/** Who wants which event. Features register in their module's `onModuleInit`. */
@Injectable()
export class EventHandlers {
  readonly #byName = new Map<string, EventHandler>();

  /** Refuses a second handler of the same name: events already stored could reach the wrong one. */
  register(handler: EventHandler): void {
    if (this.#byName.has(handler.name)) throw new Error(`Two event handlers are named ${handler.name}.`);
    this.#byName.set(handler.name, handler);
  }

  find(name: string): EventHandler | undefined {
    return this.#byName.get(name);
  }

  /** Names of the handlers that want the event. */
  wanting(event: string): string[] {
    return [...this.#byName.values()].filter((handler) => handler.events.includes(event)).map((handler) => handler.name);
  }
}
