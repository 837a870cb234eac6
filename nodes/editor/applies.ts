import { inDialog } from './in-dialog.ts'

/** Returns a property of a node. */
type Read = (property: string) => string

/** When a property has an effect, for those that do not always have one. */
const APPLIES: Readonly<Record<string, (read: Read) => boolean>> = {
  'mq-consume.inFlight': (read) => read('ack') !== 'auto',
  'mq-consume.lease': (read) => read('ack') !== 'auto',
  'mq-consume.per': (read) => !['', '0'].includes(read('rate').trim()),
  'mq-fetch.as': (read) => !['', '1'].includes(read('count').trim()),
  'mq-ack.delay': (read) => mayDo(read, 'retry'),
  'mq-ack.lease': (read) => mayDo(read, 'extend'),
  'mq-control.count': (read) => mayDo(read, 'peek'),
  'mq-control.key': (read) => mayDo(read, 'remove'),
}

function mayDo(read: Read, action: string): boolean {
  return read('actionType') === 'msg' || read('action') === action
}

/** Whether a property of a flow node has an effect, as its others stand. */
export function applies(node: EditorNode, property: string): boolean {
  const check = APPLIES[`${node.type}.${property}`]
  return check === undefined || check((other) => inDialog(node, other))
}

/**
 * Shows in the dialog of a flow node the fields that have an effect, and hides the others, whenever one is changed. What
 * an older version did not write shows its default.
 */
export function showWhatApplies(node: EditorNode): void {
  showDefaults(node)
  const properties = Object.keys(APPLIES)
    .filter((key) => key.startsWith(`${node.type}.`))
    .map((key) => key.slice(node.type.length + 1))
  const show = () => {
    for (const property of properties) {
      const row = $(`#node-input-${property}`).closest('.form-row')
      row.prop('hidden', !applies(node, property))
    }
  }
  $('#mqueue-node').on('input change', show)
  show()
}

function showDefaults({ _def: { defaults } }: EditorNode): void {
  for (const [property, { value }] of Object.entries(defaults)) {
    const field = $(`#node-input-${property}`)
    if (field.is('select') && (field.val() ?? '') === '') field.val(String(value))
    if (field.is('input[inputmode]')) field.attr('placeholder', String(value))
  }
}
