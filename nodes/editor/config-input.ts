import { knownConfig } from './last-used.ts'

/**
 * Prepares the dialog of a flow node, and in it the choice of the config node. Names the choice of the config node by its
 * label, where Node-RED's tooltip would be its name.
 */
export function prepareConfigInput(node: EditorNode): void {
  $('#mqueue-node').data('node', node.id)
  const isNeeded = node._def.defaults.mqueue?.required !== false
  const known = node.mqueue || !isNeeded ? '' : knownConfig(String(node.z))
  if (known !== '') $('#node-input-mqueue').val(known)
  $('label[for="node-input-mqueue"]').attr('id', 'mqueue-label-config')
  $('#node-input-mqueue').attr('aria-labelledby', 'mqueue-label-config')
  nameConfigButtons('node-input', 'mqueue', 'mqueue')
}

/**
 * Lets the buttons that edit and add a config node be reached and pressed by keyboard, and names them: Node-RED
 * makes them of links that lead nowhere.
 *
 * @param prefix what Node-RED begins the ids of the dialog's fields with
 * @param property the property that names the config node
 * @param type the type of the config node
 */
export function nameConfigButtons(prefix: string, property: string, type: string): void {
  for (const [button, key] of [
    ['edit', 'editor.editConfig'],
    ['add', 'editor.addNewConfig'],
  ] as const) {
    const element = $(`#${prefix}-btn-${property}-${button}`)
    element.attr({ tabindex: 0, role: 'button' })
    if (element.attr('aria-label') === undefined) {
      element.attr('aria-label', RED._(key, { type }))
    }
    element.on('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      element.trigger('click')
    })
  }
}
