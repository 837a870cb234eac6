/**
 * The input of a queue's name that mq-add, mq-fetch, mq-size and mq-pv-free share. A plain script,
 * since the scripts inside the html files cannot import: it puts one function on `window`.
 */
// biome-ignore-all lint/correctness/noUnusedVariables: called from the html files

interface EditorNode {
  queues?: { name: string }[]
}

declare const RED: { nodes: { node(id: string): EditorNode | null } }
declare const $: (selector: string) => {
  val(): string
  typedInput(options: object): void
}

/**
 * Makes a typed input of the dialog's queue field, which suggests the queues of the chosen config
 * node.
 *
 * @param label what a queue that is picked by name is called
 * @param more the types after that one
 */
function mqueueQueueInput(label: string, more: (string | object)[]): void {
  function suggest(text: string): { value: string; label: string }[] {
    const config = RED.nodes.node($('#node-input-mqueue').val())
    const names = (config?.queues ?? []).map(({ name }) => name)
    return names
      .filter((name) => name.toLowerCase().includes(text.toLowerCase()))
      .map((name) => ({ value: name, label: name }))
  }
  $('#node-input-queue').typedInput({
    default: 'queue',
    typeField: '#node-input-queueType',
    types: [{ value: 'queue', label, autoComplete: suggest }, ...more],
  })
}
