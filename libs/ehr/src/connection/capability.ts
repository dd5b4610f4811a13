import { z } from 'zod';

/** What an EHR lets a client do with one resource type. */
export interface TypeCapability {
  readonly read: boolean;
  readonly search: boolean;
  readonly create: boolean;
  readonly update: boolean;
  readonly delete: boolean;
  /** `If-None-Exist` is honoured. */
  readonly conditionalCreate: boolean;
  /** Versions are kept, so that `If-Match` guards an update. */
  readonly versioned: boolean;
  readonly searchBy: readonly string[];
}

/** What an EHR says of itself in its CapabilityStatement. */
export interface Capability {
  readonly fhirVersion: string;
  readonly software: string;
  readonly types: Readonly<Record<string, TypeCapability>>;
}

const statement = z.object({
  resourceType: z.literal('CapabilityStatement'),
  fhirVersion: z.string(),
  software: z.object({ name: z.string() }).optional(),
  rest: z.array(
    z.object({
      mode: z.string(),
      resource: z
        .array(
          z.object({
            type: z.string(),
            interaction: z.array(z.object({ code: z.string() })).default([]),
            conditionalCreate: z.boolean().default(false),
            versioning: z.string().optional(),
            searchParam: z.array(z.object({ name: z.string() })).default([]),
          }),
        )
        .default([]),
    }),
  ),
});

/** Reads a CapabilityStatement; undefined when the text is none, or describes no server. */
export function readCapability(text: string): Capability | undefined {
  const parsed = statement.safeParse(readJson(text));
  const server = parsed.data?.rest.find(({ mode }) => mode === 'server');
  if (!parsed.success || !server) return undefined;
  return {
    fhirVersion: parsed.data.fhirVersion,
    software: parsed.data.software?.name ?? 'not named',
    types: Object.fromEntries(
      server.resource.map(({ type, interaction, conditionalCreate, versioning, searchParam }) => {
        const offers = (code: string): boolean => interaction.some((one) => one.code === code);
        const capability: TypeCapability = {
          read: offers('read'),
          search: offers('search-type'),
          create: offers('create'),
          update: offers('update'),
          delete: offers('delete'),
          conditionalCreate,
          versioned: versioning !== 'no-version',
          searchBy: searchParam.map(({ name }) => name),
        };
        return [type, capability];
      }),
    ),
  };
}

const NOTHING: TypeCapability = { read: false, search: false, create: false, update: false, delete: false, conditionalCreate: false, versioned: false, searchBy: [] };

/** What the EHR offers for a type; nothing at all when it does not name it. */
export const offered = (capability: Capability, type: string): TypeCapability => capability.types[type] ?? NOTHING;

/** Types that the EHR lets Cairn create or update, in alphabetical order. */
export const writableTypes = (capability: Capability): string[] =>
  Object.entries(capability.types)
    .filter(([, can]) => can.create || can.update)
    .map(([type]) => type)
    .sort();

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
