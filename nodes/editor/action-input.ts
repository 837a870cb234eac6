import { ACTIONS } from './actions.ts'
import { paletteLabel, readable } from './queue-label.ts'
import { nameTypedInput } from './typed-input.ts'

const INPUT = '#node-input-action'

/** The property of messages that says what `mq-ack` does, unless another one is named. */
const PROPERTY: Readonly<Record<string, string>> = { 'mq-ack': 'mqack', 'mq-control': 'mqaction' }

/** Makes a typed input of the dialog's field for what a node does: a choice, or a property of the message. */
export function prepareActionInput(node: EditorNode): void {
  const options = (ACTIONS[node.type] ?? []).map((action) => ({
    value: action,
    label: node._(`${node.type}.action.${action}`),
  }))
  const choice = { value: 'action', label: node._(`${node.type}.label.action`), options }
  const types = [{ ...choice, icon: 'fa fa-list' }, 'msg']
  $(INPUT).typedInput({ default: 'action', typeField: '#node-input-actionType', types })
  nameTypedInput('action')
  let before = $(INPUT).typedInput('type')
  $(INPUT).on('change', () => {
    const now = $(INPUT).typedInput('type')
    if (now === before) return
    before = now
    if (now === 'msg') $(INPUT).typedInput('value', PROPERTY[node.type] ?? '')
  })
}

/** Says in words what a node without a name does. While it needs a queue and has none, it is called as in the palette. */
export function actionLabel(node: EditorNode): string {
  if (node.queue === '') return paletteLabel(node)
  const isMessage = node.actionType === 'msg'
  const known = ACTIONS[node.type]?.includes(String(node.action))
  const key = isMessage ? 'msg' : known ? String(node.action) : 'other'
  return node._(`${node.type}.unnamed.${key}`, {
    queue: readable(String(node.queue ?? ''), String(node.queueType)),
    property: `msg.${node.action}`,
  })
}
