import { Unusable } from './driver.ts'

const WHAT_WORKS =
  'Use an account with mysql_native_password, caching_sha2_password or sha256_password.'

/** The servers' codes for accounts that are known by something else than a password, or by an old one. */
const NO_PASSWORD = 1698
const OLD_PASSWORD = 1275

/** What a failure to log in comes to: with what works, where it is about the way to log in. Others stay as they are. */
export function logInFailure(error: unknown): unknown {
  const { message, errno } = error as { message: string; errno?: number }
  const [, unknown, clear] =
    /unknown plugin (\w+)|authentication using (mysql_clear_password)/.exec(message) ?? []
  const plugin = unknown ?? clear
  if (plugin !== undefined) {
    const reason = `it requires a login method that is not supported (${plugin})`
    return new Unusable(reason, WHAT_WORKS)
  }
  if (errno !== NO_PASSWORD && errno !== OLD_PASSWORD) return error
  return new Unusable(message, `Check the user and the password. ${WHAT_WORKS}`)
}
