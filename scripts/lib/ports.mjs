import { createServer } from 'node:net';
import { Trouble } from './messages.mjs';

/**
 * @param {number} port 0 for any
 * @param {string} host
 * @returns {Promise<number>} the port that could be listened on; rejects with the system's error where it could not
 */
function tryPort(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}

/**
 * @param {number} [preferred] taken where it is free, so that addresses stay the same from start to start
 * @param {number[]} [taken] not to be chosen, though nobody listens there yet
 * @returns {Promise<number>} a free port on this machine
 */
export async function freePort(preferred = 0, taken = []) {
  const port = await tryPort(preferred, '127.0.0.1').catch(() => tryPort(0, '127.0.0.1'));
  return taken.includes(port) ? freePort(0, taken) : port;
}

/**
 * Refuses, with what to do, where nothing can listen on the address.
 *
 * @param {string} host
 * @param {number} port
 */
export async function demandPort(host, port) {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Trouble(`PORT is not a port number between 0 and 65535.`, 'Name one, for example: PORT=3001 npm start');
  }
  try {
    await tryPort(port, host);
  } catch (error) {
    const { code } = /** @type {{ code?: string }} */ (error);
    const another = `PORT=${port < 1024 ? 3000 : port + 1} npm start`;
    if (code === 'EADDRINUSE') {
      throw new Trouble(`Port ${port} is in use by another program.`, `Stop that program, or choose another port: ${another}`, { cause: error });
    }
    if (code === 'EACCES') {
      throw new Trouble(`This user may not listen on port ${port}.`, `Choose a port above 1023: ${another}`, { cause: error });
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new Trouble(`This machine has no address ${host}.`, 'Set HOST to one of its own, or leave it out for 127.0.0.1.', { cause: error });
    }
    throw error;
  }
}
