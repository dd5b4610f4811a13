/** The roles that people sign in with: Cairn's own names for them. */
export const ROLES = ['coordinator', 'clinician', 'conference-lead', 'hospital-it', 'auditor', 'clinic-administrator'] as const;
export type Role = (typeof ROLES)[number];

/** A demo user is a role in a clinic, not a person. */
export interface DemoUser {
  /** The subject of the tokens, for example `demo-coordinator`. */
  id: string;
  name: string;
  role: Role;
  /** The clinic's short name in addresses, for example `demo`. */
  clinic: string;
}

const ID = new RegExp(`^([a-z0-9][a-z0-9-]{0,60}?)-(${ROLES.join('|')})$`);

/** Returns the user who holds a role in a clinic; undefined when the clinic's short name or the role is not well formed. */
export function demoUser(clinic: string, role: string): DemoUser | undefined {
  return findDemoUser(`${clinic}-${role}`);
}

/** Returns the user with this subject, if there can be one. */
export function findDemoUser(id: string): DemoUser | undefined {
  const [, clinic, text] = ID.exec(id) ?? [];
  const role = ROLES.find((one) => one === text);
  if (!clinic || !role) return undefined;
  return { id, clinic, role, name: `${clinic.charAt(0).toUpperCase()}${clinic.slice(1)} ${role.replaceAll('-', ' ')}` };
}
