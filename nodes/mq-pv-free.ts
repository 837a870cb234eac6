import type { Node, NodeAPI } from 'node-red'
import { onInput } from './input.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'

export default (RED: NodeAPI): void => {
  function MqPvFreeNode(this: Node, def: QueueNodeDef): void {
    RED.nodes.createNode(this, def)
    const link = new QueueLink(RED, this, def, { forgiving: true })
    // Kamailio's mq_pv_free succeeds for any queue, so the name is not even looked at.
    onInput(
      this,
      {
        evaluate: () => undefined,
        act(msg) {
          delete msg.mqk
          delete msg.mqv
          return msg
        },
      },
      link,
    )
  }

  RED.nodes.registerType('mq-pv-free', MqPvFreeNode)
}
