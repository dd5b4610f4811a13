import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clinics } from '@cairn/platform';
import { startTestApp, type TestApp } from '../support/app.js';

describe('looking a clinic up', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.stop());

  it('never waits for a connection that a transaction holds, however many are open', async () => {
    const most = app.config.DATABASE_POOL_SIZE;
    let open = 0;
    let go: () => void = () => undefined;
    const allOpen = new Promise<void>((resolve) => {
      go = resolve;
    });
    const found = await Promise.all(
      Array.from({ length: most }, (_, index) =>
        app.transactions.run(app.scope(), async () => {
          if (++open === most) go();
          await allOpen;
          return app.get(Clinics).find(`never-looked-up-${index}`);
        }),
      ),
    );
    expect(found).toEqual(Array(most).fill(undefined));
  });
});
