import { html, page } from '../shared/page.js';
import { ROLES } from './demo-users.js';

/** The login page: one button for each role, and the clinic to work in. Its form goes back to its own address. */
export function loginPage(action: string, client: string, problem?: string): string {
  const buttons = ROLES.map((role) => html`<li><button name="role" value="${role}">Demo ${role.replaceAll('-', ' ')}</button></li>`);
  return page('Who are you this time?', html`${problem ? html`<p><b>${problem}</b></p>` : undefined}
<p>Signing in for <b>${client}</b>. These users are roles, not people; there is no password, because nothing here is real.</p>
<form method="post" action="${action}"><p><label>Clinic <input name="clinic" value="demo" pattern="[a-z0-9][a-z0-9\\-]*"></label></p><ul>${buttons}</ul></form>`);
}

/** What the issuer says of itself to somebody who opens its address. */
export function startPage(issuer: string, cairnUrl: string): string {
  return page('Identity provider', html`<p>An OpenID Connect issuer with demo users: ${ROLES.join(', ')}.</p>
<ul><li><a href="${issuer}/.well-known/openid-configuration">Discovery</a></li><li><a href="${issuer}/jwks">Keys</a></li>
<li>Sign in from <a href="${cairnUrl}/docs">Cairn's documentation page</a></li></ul>`);
}
