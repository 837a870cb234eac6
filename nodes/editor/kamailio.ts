import { type Listed, prepareAskKamailio } from './ask-kamailio.ts'
import { checkPoll, checkRpcUrl, isReference } from './check.ts'
import { CheckedFields, configField } from './checked-fields.ts'
import { fillCredentials } from './credential-fields.ts'
import { text } from './text.ts'
import { splitRpcUrl } from './url-credentials.ts'

const SECTION = '#mqueue-kamailio'

/** The part of the dialog that says where the live Kamailio is, and how often it is asked. */
export class KamailioSection {
  readonly #fields = new CheckedFields({ rpcUrl: checkRpcUrl, poll: checkPoll })

  /**
   * @param node the config node, whose stored password the question to Kamailio may take
   * @param list the list that the queues of Kamailio are added to
   */
  constructor(node: EditorNode, list: Listed) {
    $(SECTION).attr('aria-label', text('engine.kamailio'))
    configField('rpcUrl').on('input change', () => this.#showTls())
    prepareAskKamailio(node.id, list)
  }

  /** Shows the section while the queues are those of a Kamailio. */
  toggle(isNeeded: boolean): void {
    $(SECTION).prop('hidden', !isNeeded)
    this.#fields.check()
    this.#showTls()
  }

  /** Moves a user and a password out of the address to their fields. */
  moveSecrets(): void {
    const split = splitRpcUrl(this.#url())
    if (split === undefined) return
    configField('rpcUrl').val(split.url)
    fillCredentials(split)
  }

  #url(): string {
    return String(configField('rpcUrl').val() ?? '').trim()
  }

  /** Without https there is no TLS. Other sections, which may have the field as well, always show it. */
  #showTls(): void {
    const isTls = /^https:/i.test(this.#url()) || isReference(this.#url())
    $(`${SECTION} #mqueue-tls`).prop('hidden', !isTls)
  }
}
