import { Command } from 'commander';
import { clientCommand } from './commands/client.js';
import { ehrCommand } from './commands/ehr.js';
import { migrateCommand } from './commands/migrate.js';
import { seedCommand } from './commands/seed.js';
import { tokenCommand } from './commands/token.js';
import { verifyCommand } from './commands/verify.js';

const program = new Command('cairn')
  .description("Cairn's operator commands")
  .showHelpAfterError()
  .addCommand(migrateCommand())
  .addCommand(clientCommand())
  .addCommand(ehrCommand())
  .addCommand(verifyCommand());

if (process.env['CAIRN_MODE'] === 'demo') program.addCommand(seedCommand()).addCommand(tokenCommand());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
