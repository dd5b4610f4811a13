import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Role } from './demo-users.js';

/** The public client of programs at a terminal, and where its browser would be sent back to. */
export const CLI_CLIENT = { id: 'cairn-cli', redirectUri: 'http://127.0.0.1/signed-in' } as const;

/** Who signs in where. */
export interface SignIn {
  issuer: string;
  role: Role;
  /** The clinic's short name; default `demo`. */
  clinic?: string | undefined;
  /** The audience of the token; default is the issuer's own choice, Cairn's public URL. */
  resource?: string | undefined;
}

const configuration = z.object({ authorization_endpoint: z.url(), token_endpoint: z.url() });
const tokens = z.object({ access_token: z.string() });

/**
 * Signs a demo user in as a browser would (authorization code with PKCE, the login page included) and returns the access token.
 * Throws when the issuer sends something else than the flow foresees, and says what.
 */
export async function signIn({ issuer, role, clinic = 'demo', resource }: SignIn): Promise<string> {
  const endpoints = configuration.parse(await (await fetch(`${issuer}/.well-known/openid-configuration`)).json());
  const verifier = randomBytes(32).toString('base64url');
  const browser = new Browser();
  const authorization = new URL(endpoints.authorization_endpoint);
  authorization.search = new URLSearchParams({
    client_id: CLI_CLIENT.id,
    redirect_uri: CLI_CLIENT.redirectUri,
    response_type: 'code',
    scope: 'openid profile',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(resource && { resource }),
  }).toString();
  const back = await browser.follow(authorization, new URLSearchParams({ role, clinic }));
  const code = back.searchParams.get('code');
  if (!code) throw new Error(`The issuer gave no code: ${back.searchParams.get('error_description') ?? back.href}`);
  const answer = await fetch(endpoints.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', client_id: CLI_CLIENT.id, redirect_uri: CLI_CLIENT.redirectUri, code, code_verifier: verifier }),
  });
  if (!answer.ok) throw new Error(`The issuer gave no token (${answer.status}): ${await answer.text()}`);
  return tokens.parse(await answer.json()).access_token;
}

/** As much of a browser as a login needs: it keeps cookies, follows redirects and fills in the login page. */
class Browser {
  private readonly cookies = new Map<string, string>();

  /** Goes where it is sent until it is sent back to the client, and returns that address, which it does not open. */
  async follow(start: URL, choice: URLSearchParams): Promise<URL> {
    let next = start;
    while (!next.href.startsWith(CLI_CLIENT.redirectUri)) {
      next = await this.redirectOf(next, next.pathname.startsWith('/sign-in/') ? choice : undefined);
    }
    return next;
  }

  private async redirectOf(url: URL, form: URLSearchParams | undefined): Promise<URL> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie }, ...(form && { method: 'POST', body: form }) });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    const location = response.headers.get('location');
    if (!location) throw new Error(`Signing in ended at ${url.origin}${url.pathname} (${response.status})`);
    return new URL(location, url);
  }
}
