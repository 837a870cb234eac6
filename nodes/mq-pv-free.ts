import type { Node, NodeAPI, NodeMessageInFlow } from 'node-red'
import { InputNode, type Send } from './input.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'

class MqPvFree extends InputNode {
  constructor(RED: NodeAPI, node: Node, def: QueueNodeDef) {
    super(RED, node, new QueueLink(RED, node, def, { forgiving: true, queueless: true }))
  }

  // Kamailio's mq_pv_free succeeds for any queue, so the name is not even looked at, and no size is shown.
  protected override handle(msg: NodeMessageInFlow, send: Send): void {
    delete msg.mqk
    delete msg.mqv
    send(msg)
  }
}

export default (RED: NodeAPI): void => {
  function MqPvFreeNode(this: Node, def: QueueNodeDef): void {
    RED.nodes.createNode(this, def)
    new MqPvFree(RED, this, def)
  }

  RED.nodes.registerType('mq-pv-free', MqPvFreeNode)
}
