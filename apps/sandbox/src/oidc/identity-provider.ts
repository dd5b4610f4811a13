import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Provider, errors, interactionPolicy } from 'oidc-provider';
import type { AdapterPayload, Configuration } from 'oidc-provider';
import { z } from 'zod';
import { createHttpServer, listen, sendPage } from '../shared/http-server.js';
import type { Listening } from '../shared/http-server.js';
import { signingKey } from '../shared/signing-key.js';
import type { SigningKey } from '../shared/signing-key.js';
import { demoUser, findDemoUser } from './demo-users.js';
import type { Role } from './demo-users.js';
import { loginPage, startPage } from './login-page.js';
import { MemoryAdapter } from './memory-adapter.js';
import { CLI_CLIENT, signIn } from './sign-in.js';

/** How the issuer is set up. */
export interface OidcOptions extends Listening {
  /** Where its key is kept, so that tokens hold over a restart. */
  dataDir?: string | undefined;
  /** Cairn's public URL: the audience of the tokens, and where its documentation page is. */
  cairnUrl?: string | undefined;
  /** How long an access token holds; default one hour. */
  accessTokenSeconds?: number | undefined;
}

const ALGORITHM = 'ES256';
const DOCS_CLIENT_ID = 'cairn-docs';
const DOCS_REDIRECTS = ['/docs/oauth2-redirect.html', '/docs/static/oauth2-redirect.html'];
const SCOPE = 'cairn';
const HOUR = 3_600;

const choice = z.object({ role: z.string(), clinic: z.string() });

/** An OpenID Connect issuer whose users are roles: whoever opens its login page picks one. */
export class IdentityProvider {
  /** The issuer's URL. */
  url = '';
  /** Cairn's public URL. May be told while the issuer runs. */
  cairnUrl: string;
  private readonly app = createHttpServer();
  private readonly accessTokenSeconds: number;
  private provider!: Provider;
  private answer!: ReturnType<Provider['callback']>;

  constructor(
    private readonly options: OidcOptions,
    private readonly key: SigningKey,
  ) {
    this.cairnUrl = options.cairnUrl ?? 'http://127.0.0.1:3000';
    this.accessTokenSeconds = options.accessTokenSeconds ?? HOUR;
  }

  /** Starts listening; the issuer is made once its port is known. */
  async open(): Promise<void> {
    this.loginRoutes();
    this.app.register(async (scope) => this.passOn(scope));
    this.url = await listen(this.app, this.options);
    this.provider = new Provider(this.url, this.configuration());
    this.answer = this.provider.callback();
  }

  /** Signs a demo user in through the login page and returns the access token. */
  signIn(role: Role, { clinic, resource }: { clinic?: string; resource?: string } = {}): Promise<string> {
    return signIn({ issuer: this.url, role, clinic, resource });
  }

  async stop(): Promise<void> {
    await this.app.close();
  }

  private loginRoutes(): void {
    this.app.get('/', async (_request, reply) => sendPage(reply, startPage(this.url, this.cairnUrl)));

    this.app.get('/sign-in/:uid', async (request, reply) => {
      const { params } = await this.provider.interactionDetails(request.raw, reply.raw);
      return sendPage(reply, loginPage(request.url, String(params.client_id)));
    });

    this.app.post('/sign-in/:uid', async (request, reply) => {
      const { role, clinic } = choice.parse(request.body);
      const user = demoUser(clinic, role);
      if (!user) return sendPage(reply.code(400), loginPage(request.url, 'whoever asked', `There is no role "${role}" in a clinic "${clinic}"`));
      const next = await this.provider.interactionResult(request.raw, reply.raw, { login: { accountId: user.id } });
      return reply.redirect(next, 303);
    });

    this.app.setErrorHandler((error, _request, reply) => {
      const isStale = error instanceof errors.OIDCProviderError || error instanceof z.ZodError;
      return reply.code(isStale ? 400 : 500).send({ error: isStale ? 'This sign-in is over: start again where you came from' : 'The issuer failed' });
    });
  }

  /** Everything else is oidc-provider's, which reads request bodies by itself. */
  private passOn(scope: FastifyInstance): void {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.all('/*', (request, reply) => {
      reply.hijack();
      void this.answer(request.raw, reply.raw);
    });
  }

  private configuration(): Configuration {
    return {
      adapter: (kind) => new MemoryAdapter(kind === 'Client' ? (id) => this.client(id) : undefined),
      jwks: { keys: [this.key.privateJwk] },
      cookies: { keys: [randomBytes(32).toString('base64url')] },
      clientDefaults: { id_token_signed_response_alg: ALGORITHM },
      pkce: { required: () => true },
      claims: { openid: ['sub'], profile: ['name'] },
      interactions: { url: (_ctx, interaction) => `/sign-in/${interaction.uid}`, policy: alwaysAsk() },
      clientBasedCORS: (_ctx, origin) => origin === new URL(this.cairnUrl).origin,
      ttl: { AccessToken: this.accessTokenSeconds, AuthorizationCode: 60, Grant: HOUR, IdToken: HOUR, Interaction: HOUR, Session: HOUR },
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => this.cairnUrl,
          useGrantedResource: () => true,
          getResourceServerInfo: (_ctx, resource) => this.resourceServer(resource),
        },
      },
      extraTokenClaims: (_ctx, token) => ('accountId' in token ? this.claims(token.accountId) : undefined),
      findAccount: (_ctx, id) => {
        const user = findDemoUser(id);
        return user && { accountId: id, claims: () => ({ sub: id, name: user.name }) };
      },
      loadExistingGrant: async ({ oidc }) => {
        const { client, session, provider } = oidc;
        const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
        grant.addOIDCScope('openid profile');
        grant.addResourceScope(this.cairnUrl, SCOPE);
        await grant.save();
        return grant;
      },
    };
  }

  private resourceServer(resource: string) {
    if (resource !== this.cairnUrl) throw new errors.InvalidTarget(`the only resource here is ${this.cairnUrl}`);
    return {
      scope: SCOPE,
      audience: this.cairnUrl,
      accessTokenTTL: this.accessTokenSeconds,
      accessTokenFormat: 'jwt' as const,
      jwt: { sign: { alg: ALGORITHM, kid: this.key.kid } as const },
    };
  }

  private claims(accountId: string): { roles: string[]; clinic: string; name: string } | undefined {
    const user = findDemoUser(accountId);
    return user && { roles: [user.role], clinic: user.clinic, name: user.name };
  }

  private client(id: string): AdapterPayload | undefined {
    const common = { client_id: id, token_endpoint_auth_method: 'none', grant_types: ['authorization_code'], response_types: ['code'] } as const;
    if (id === CLI_CLIENT.id) return { ...common, application_type: 'native', redirect_uris: [CLI_CLIENT.redirectUri] };
    if (id === DOCS_CLIENT_ID) return { ...common, redirect_uris: DOCS_REDIRECTS.map((path) => this.cairnUrl + path) };
    return undefined;
  }
}

/** Asks at every sign-in who it is this time: a session of before must not answer for another role. */
function alwaysAsk() {
  const policy = interactionPolicy.base();
  const asked = new interactionPolicy.Check('who_this_time', 'Choose a role', (ctx) =>
    ctx.oidc.result?.login ? interactionPolicy.Check.NO_NEED_TO_PROMPT : interactionPolicy.Check.REQUEST_PROMPT,
  );
  policy.get('login')?.checks.add(asked);
  // Every client here is Cairn's own, so nobody is asked to agree to it.
  policy.remove('consent');
  return policy;
}

/** Starts an issuer. Rejects when its port is taken. */
export async function startIdentityProvider(options: OidcOptions = {}): Promise<IdentityProvider> {
  const provider = new IdentityProvider(options, await signingKey(options.dataDir && join(options.dataDir, 'issuer-key.json'), ALGORITHM));
  await provider.open();
  return provider;
}
