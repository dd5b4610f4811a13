import { Injectable } from '@nestjs/common';
import { unavailable } from '@cairn/kernel';
import { OutsideHttp } from '@cairn/platform';
import { z } from 'zod';
import { commonHeaders, type EhrAddress } from './ehr-address.js';

const configuration = z.object({
  token_endpoint: z.url(),
  token_endpoint_auth_signing_alg_values_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  scopes_supported: z.array(z.string()).optional(),
});

const securityExtension = z.object({
  rest: z.array(
    z.object({
      security: z.object({ extension: z.array(z.object({ url: z.string(), extension: z.array(z.object({ url: z.string(), valueUri: z.string().optional() })).optional() })) }),
    }),
  ),
});

/** Where and how an EHR gives tokens. Lists are undefined where the EHR does not say. */
export interface SmartConfiguration {
  readonly tokenEndpoint: string;
  readonly algorithms?: readonly string[];
  readonly methods?: readonly string[];
  readonly scopes?: readonly string[];
}

const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';

/** Finds an EHR's token endpoint. Source: SMART App Launch 2.0 (`.well-known/smart-configuration`), 1.0 (extension of the CapabilityStatement). */
@Injectable()
export class SmartDiscovery {
  constructor(private readonly http: OutsideHttp) {}

  /** Refuses as unavailable when the EHR names its token endpoint in neither place. */
  async discover(ehr: EhrAddress): Promise<SmartConfiguration> {
    const found = (await this.#wellKnown(ehr)) ?? (await this.#fromMetadata(ehr));
    if (!found) throw unavailable('The EHR names no token endpoint: neither .well-known/smart-configuration nor metadata has one.', { code: 'no-token-endpoint' });
    return found;
  }

  async #wellKnown(ehr: EhrAddress): Promise<SmartConfiguration | undefined> {
    const parsed = configuration.safeParse(await this.#get(ehr, '/.well-known/smart-configuration', 'application/json'));
    if (!parsed.success) return undefined;
    const { token_endpoint, token_endpoint_auth_signing_alg_values_supported, token_endpoint_auth_methods_supported, scopes_supported } = parsed.data;
    return {
      tokenEndpoint: token_endpoint,
      ...(token_endpoint_auth_signing_alg_values_supported && { algorithms: token_endpoint_auth_signing_alg_values_supported }),
      ...(token_endpoint_auth_methods_supported && { methods: token_endpoint_auth_methods_supported }),
      ...(scopes_supported && { scopes: scopes_supported }),
    };
  }

  async #fromMetadata(ehr: EhrAddress): Promise<SmartConfiguration | undefined> {
    const parsed = securityExtension.safeParse(await this.#get(ehr, '/metadata', 'application/fhir+json'));
    if (!parsed.success) return undefined;
    const uris = parsed.data.rest.flatMap((rest) => rest.security.extension).find(({ url }) => url === OAUTH_URIS);
    const tokenEndpoint = uris?.extension?.find(({ url }) => url === 'token')?.valueUri;
    return tokenEndpoint && URL.canParse(tokenEndpoint) ? { tokenEndpoint } : undefined;
  }

  async #get(ehr: EhrAddress, path: string, accept: string): Promise<unknown> {
    const answer = await this.http.send({ method: 'GET', url: `${ehr.baseUrl}${path}`, headers: { accept, ...commonHeaders(ehr) } });
    if (answer.status === 429 || answer.status >= 500) throw unavailable(`The EHR answered ${answer.status} at ${path}.`, { code: 'discovery-unavailable' });
    try {
      return answer.status === 200 ? JSON.parse(answer.text) : undefined;
    } catch {
      return undefined;
    }
  }
}
