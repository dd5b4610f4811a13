import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Kept {
  payload: AdapterPayload;
  until: number;
}

/**
 * Keeps one kind of oidc-provider's records in memory: who signed in is forgotten when the sandbox stops.
 * `known` answers for records that are not stored but derived, such as clients whose addresses are told later.
 */
export class MemoryAdapter implements Adapter {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly known: (id: string) => AdapterPayload | undefined = () => undefined) {}

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    this.dropExpired();
    this.kept.set(id, { payload, until: expiresIn ? Date.now() + expiresIn * 1_000 : Infinity });
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    this.dropExpired();
    return this.kept.get(id)?.payload ?? this.known(id);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.payloads().find((payload) => payload.uid === uid);
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.payloads().find((payload) => payload.userCode === userCode);
  }

  async consume(id: string): Promise<void> {
    const kept = this.kept.get(id);
    if (kept) kept.payload.consumed = Math.floor(Date.now() / 1_000);
  }

  async destroy(id: string): Promise<void> {
    this.kept.delete(id);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [id, { payload }] of this.kept) if (payload.grantId === grantId) this.kept.delete(id);
  }

  private payloads(): AdapterPayload[] {
    this.dropExpired();
    return [...this.kept.values()].map(({ payload }) => payload);
  }

  private dropExpired(): void {
    const now = Date.now();
    for (const [id, { until }] of this.kept) if (until < now) this.kept.delete(id);
  }
}
