import type { Node, NodeAPI } from 'node-red'
import type { Engine } from '../src/engine.ts'
import { onInput } from './input.ts'
import { after } from './maybe-promise.ts'
import { QueueLink, type QueueNodeDef } from './queue-link.ts'
import { sizeStatus } from './status.ts'
import { assertSettable, target } from './target.ts'

interface MqSizeDef extends QueueNodeDef {
  sizeTo?: string
}

export default (RED: NodeAPI): void => {
  function MqSizeNode(this: Node, def: MqSizeDef): void {
    RED.nodes.createNode(this, def)
    const all = def.queueType === 'all'
    const sizeTarget = target(RED, def.sizeTo || 'payload')
    const link = new QueueLink(RED, this, def, all ? { describe: total } : {})

    onInput(
      this,
      {
        evaluate: (msg) => (all ? '' : link.queueName(msg)),
        act(msg, queue) {
          assertSettable(sizeTarget, msg, 'MQ_INVALID_VALUE')
          if (!all) link.show(queue)
          return after(all ? allSizes(link.engine()) : link.engine().size(queue), (size) => {
            sizeTarget.set(msg, size)
            return msg
          })
        },
      },
      link,
    )
  }

  RED.nodes.registerType('mq-size', MqSizeNode)
}

function allSizes(engine: Engine) {
  return after(engine.sizes(), (sizes): unknown => Object.fromEntries(sizes))
}

/** The status of a node that counts all queues: how many items there are in all of them. */
function total(engine: Engine) {
  return after(engine.sizes(), (sizes) => {
    let sum = 0
    for (const size of sizes.values()) sum += size
    return sizeStatus(sum, 0)
  })
}
