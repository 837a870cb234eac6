import type { SplitUrl } from './url-credentials.ts'

/** The parts of the dialog that say which server is used. */
export type ServerSection = 'redis' | 'kamailio' | 'database'

/** Fills the fields for the user and the password with what an address had of them. */
export function fillCredentials({ user, password }: SplitUrl): void {
  if (user !== '') $('#node-config-input-user').val(user)
  if (password !== '') $('#node-config-input-password').val(password)
}

/** Shows the fields for the user, the password and TLS in the part of the dialog that they belong to. */
export function placeServerFields(section: ServerSection): void {
  const place = $(`#mqueue-${section}-access`)
  for (const fields of ['#mqueue-credentials', '#mqueue-tls']) {
    // Databases are reached without it.
    if (section === 'database' && fields === '#mqueue-tls') continue
    if (!$(fields).parent().is(place)) $(fields).appendTo(place)
  }
  $('#mqueue-tls').prop('hidden', false)
}
