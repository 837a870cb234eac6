import { HeldItems } from './held-items.ts'
import { harmless, text } from './text.ts'

/** Warns of the items that go with a config node that is deleted, in whatever way, as long as that can be undone. */
export function warnOfDeleted(): void {
  RED.events.on('nodes:remove', (node) => {
    if (node.type === 'mqueue') warn(node)
  })
}

async function warn({ id, name }: EditorNode): Promise<void> {
  const held = new HeldItems(id)
  await held.ask()
  const number = held.all?.unstored ?? 0
  // It may have been replaced, or be back.
  if (number === 0 || RED.nodes.node(id)) return
  const called = harmless(String(name ?? '')) || id
  RED.notify($('<p>').text(text('removed.config', { name: called, number })), 'warning')
}
