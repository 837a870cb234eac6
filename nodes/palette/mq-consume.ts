import { onRightNode } from './right-node.ts'

export default onRightNode(() => import('../mq-consume.ts'))
