import type { SplitUrl } from './url-credentials.ts'

/** Fills the fields for the user and the password with what an address had of them. */
export function fillCredentials({ user, password }: SplitUrl): void {
  if (user !== '') $('#node-config-input-user').val(user)
  if (password !== '') $('#node-config-input-password').val(password)
}

/** Shows the fields for the user and the password in the part of the dialog that they belong to. */
export function placeCredentials(section: string): void {
  const fields = $('#mqueue-credentials')
  if (fields.parent().is(section)) return
  fields.appendTo(section)
}
