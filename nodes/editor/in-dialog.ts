/** A property of a flow node: as its dialog has it while that is open, else as the node has it. */
export function inDialog(node: EditorNode, property: string): string {
  const open = $('#mqueue-node').data('node') === node.id
  const value = open ? $(`#node-input-${property}`).val() : node[property]
  return value === undefined || value === null ? '' : String(value)
}
