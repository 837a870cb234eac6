import { checkDbUrl } from './check.ts'
import { fillCredentials } from './credential-fields.ts'
import { explain } from './text.ts'
import { splitDbUrl } from './url-credentials.ts'

const URL_FIELD = '#node-config-input-dbUrl'

/** The part of the dialog that says where queues are kept when Node-RED is not running. */
export class DatabaseSection {
  constructor() {
    $(URL_FIELD).on('input change', () => this.#check())
  }

  url(): string {
    return String($(URL_FIELD).val() ?? '')
  }

  /** Whether an address is set, which must not be kept unseen. */
  get isSet(): boolean {
    return this.url().trim() !== ''
  }

  /** Shows the section while a queue persists, or an address is set. */
  toggle(needed: boolean): void {
    $('#mqueue-database').prop('hidden', !needed)
    this.#check()
  }

  /** Takes an address over; a user and a password in it go to their fields. */
  take(dbUrl: string): void {
    const split = splitDbUrl(dbUrl)
    $(URL_FIELD).val(split?.url ?? dbUrl)
    if (split !== undefined) fillCredentials(split)
    this.#check()
  }

  #check(): void {
    const error = checkDbUrl(this.url())
    $(URL_FIELD)
      .toggleClass('input-error', error !== undefined)
      .attr('aria-invalid', error === undefined ? null : 'true')
    $('#mqueue-database-problem').text(error === undefined ? '' : explain(error))
  }
}
