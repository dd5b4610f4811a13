import { Body, Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Public } from './auth.guard.js';
import { SigningKeys } from './signing-keys.js';
import { ASSERTION_TYPE, TokenService, type AccessToken } from './token.service.js';

const tokenRequest = z.object({
  grant_type: z.string().optional(),
  client_assertion_type: z.string().optional(),
  client_assertion: z.string().optional(),
  scope: z.string().max(4000).optional(),
});

const introspectionRequest = z.object({
  token: z.string().max(8000).optional(),
  token_type_hint: z.string().optional(),
  client_assertion_type: z.string().optional(),
  client_assertion: z.string().optional(),
});

/** Tokens for systems (SMART Backend Services) and the keys that Cairn signs with. */
@ApiTags('Tokens')
@Public()
@Controller()
export class OAuthController {
  constructor(
    private readonly tokens: TokenService,
    private readonly keys: SigningKeys,
  ) {}

  @Post('oauth/token')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Exchange a signed assertion for an access token (client_credentials with private_key_jwt)' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['grant_type', 'client_assertion_type', 'client_assertion'],
      properties: {
        grant_type: { type: 'string', enum: ['client_credentials'] },
        client_assertion_type: { type: 'string', enum: [ASSERTION_TYPE] },
        client_assertion: { type: 'string', description: 'A JWT signed with RS384 or ES384' },
        scope: { type: 'string', example: 'system/ServiceRequest.cruds system/Task.cruds' },
      },
    },
  })
  @ApiOkResponse({ description: 'An access token that lives five minutes' })
  async token(@Body({ schema: tokenRequest }) body: z.infer<typeof tokenRequest>): Promise<AccessToken> {
    return this.tokens.exchange(body);
  }

  @Post('oauth/introspect')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Whether an access token of yours is good, and for what (RFC 7662; authenticated like the token endpoint)' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['token', 'client_assertion_type', 'client_assertion'],
      properties: {
        token: { type: 'string' },
        client_assertion_type: { type: 'string', enum: [ASSERTION_TYPE] },
        client_assertion: { type: 'string', description: 'A JWT signed with RS384 or ES384, as for the token endpoint' },
      },
    },
  })
  @ApiOkResponse({ description: '`active`, and of a good token its scope, client, times and issuer' })
  async introspect(@Body({ schema: introspectionRequest }) body: z.infer<typeof introspectionRequest>): Promise<object> {
    const answer = await this.tokens.introspect(body);
    if (!answer.active) return answer;
    const { claims, ...rest } = answer;
    const { sub, iss, aud, exp, iat, jti } = claims;
    return { ...rest, sub, iss, aud, exp, iat, jti };
  }

  @Get('.well-known/jwks.json')
  @Header('cache-control', 'public, max-age=60')
  @ApiOperation({ summary: "Public keys of Cairn's assertions towards EHRs" })
  async jwks(): Promise<Awaited<ReturnType<SigningKeys['jwks']>>> {
    return this.keys.jwks('ehr-client');
  }
}
