/**
 * Prepares the dialog of a flow node, and in it the choice of the config node. Names the choice of the config node by its label, where Node-RED's tooltip would be its name. Lets the
 * buttons that edit and add a config node be reached and pressed by keyboard: Node-RED makes them of
 * links that lead nowhere.
 */
export function prepareConfigInput(node: EditorNode): void {
  $('#mqueue-node').data('node', node.id)
  $('label[for="node-input-mqueue"]').attr('id', 'mqueue-label-config')
  $('#node-input-mqueue').attr('aria-labelledby', 'mqueue-label-config')
  for (const [button, key] of [
    ['edit', 'editor.editConfig'],
    ['add', 'editor.addNewConfig'],
  ] as const) {
    const element = $(`#node-input-btn-mqueue-${button}`)
    element.attr({ tabindex: 0, role: 'button' })
    if (element.attr('aria-label') === undefined) {
      element.attr('aria-label', RED._(key, { type: 'mqueue' }))
    }
    element.on('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      element.trigger('click')
    })
  }
}
