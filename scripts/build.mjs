import { build } from './lib/build.mjs';
import { say } from './lib/messages.mjs';
import { main } from './lib/node.mjs';

/** Builds what changed, for those who start the processes by hand. */
await main(import.meta.url, async () => {
  say(`Built ${await build()} files.`);
});
