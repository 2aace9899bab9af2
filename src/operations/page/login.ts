import type { Markup } from './html.js'
import { html } from './html.js'

/** Why the token is asked for. */
export type LoginReason = 'first' | 'ended' | 'wrong'

const REASONS: Readonly<Record<LoginReason, string | undefined>> = {
  first: undefined,
  ended: 'Your session has ended: it was older than 12 hours, or the control plane has been restarted.',
  wrong: "This is not the proxy's token.",
}

/**
 * Asks for the token.
 *
 * @param next where to go then
 */
export function loginPage(reason: LoginReason, next: string): Markup {
  const words = REASONS[reason]
  return html`<form class="card login" method="post" action="/status/login">
<h1>Status of the proxy</h1>
${words !== undefined && html`<p id="reason" role="alert"><strong>${words}</strong></p>`}
<p id="hint" class="soft">The token of the REST API is needed: the value of CONFIGPROXY_AUTH_TOKEN with which the proxy was started.</p>
<input name="username" autocomplete="username" value="proxy" hidden>
<label for="token">Token</label>
<input id="token" name="token" type="password" required autofocus autocomplete="current-password" autocapitalize="none" spellcheck="false" aria-describedby="${words === undefined ? 'hint' : 'reason hint'}"${reason === 'wrong' && html` aria-invalid="true"`}>
<input type="hidden" name="next" value="${next}">
<button>Show the status</button>
</form>`
}
