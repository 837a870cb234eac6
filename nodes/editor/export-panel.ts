import type { QueueDefinition } from '../../src/definition.ts'
import { formatModparams } from '../../src/modparam-format.ts'
import { text } from './text.ts'
import { splitDbUrl } from './url-credentials.ts'

/** What the panel writes down. */
export interface Export {
  definitions: QueueDefinition[]
  dbUrl: string
  /** How many queues cannot be written: they are wrong, or depend on the environment. */
  leftOut: number
}

/** Shows the queues as lines for a kamailio.cfg, to be copied. */
export class ExportPanel {
  constructor() {
    $('#mqueue-export-copy').on('click', () => {
      const copied = text('export.copied')
      RED.clipboard.copyText(this.#shown(), $('#mqueue-export-copy'), copied)
    })
    $('#mqueue-export-close').on('click', () => {
      this.close()
      $('#mqueue-export-open').trigger('focus')
    })
  }

  close(): void {
    $('#mqueue-export').prop('hidden', true)
    $('#mqueue-export-open').attr('aria-expanded', 'false')
  }

  open({ definitions, dbUrl, leftOut }: Export): void {
    const url = splitDbUrl(dbUrl)?.url ?? dbUrl
    $('#mqueue-export-text').val(formatModparams(definitions, url))
    $('#mqueue-export-left-out').text(
      leftOut === 0 ? '' : text('export.leftOut', { number: leftOut }),
    )
    $('#mqueue-export').prop('hidden', false)
    $('#mqueue-export-open').attr('aria-expanded', 'true')
    $('#mqueue-export-copy').trigger('focus')
  }

  #shown(): string {
    return String($('#mqueue-export-text').val())
  }
}
