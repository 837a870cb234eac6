import { Unusable } from './driver.ts'

const WHAT_WORKS =
  'Use a password (scram-sha-256, md5 or password in pg_hba.conf) or a client certificate (sslcert and sslkey in the address).'

/** PostgreSQL's code for an account that is not let in, whatever the password. */
const NOT_LET_IN = '28000'
const WRONG_PASSWORD = '28P01'

/** What a failure to log in comes to: with what works, where it is about the way to log in. Others stay as they are. */
export function logInFailure(error: unknown, password: unknown): unknown {
  const { message, code } = error as { message: string; code?: string }
  if (/^Unknown authenticationOk|^SASL: Only mechanism/.test(message)) {
    return new Unusable(
      'it requires a login method that is not supported, such as GSSAPI',
      WHAT_WORKS,
    )
  }
  const isRefused = code === WRONG_PASSWORD || /^SASL: .* client password must/.test(message)
  if (isRefused && !password) {
    const advice = 'Enter the user and the password, in the config node or in the address.'
    return new Unusable('it requires a password, and none is set', advice)
  }
  if (code !== NOT_LET_IN) return error
  return new Unusable(message, `Check the user and the password. ${WHAT_WORKS}`)
}
