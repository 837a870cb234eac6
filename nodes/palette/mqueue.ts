module.exports = async (RED: import('node-red').NodeAPI) => {
  const { onRightNode } = await import('../right-node.ts')
  return onRightNode(RED, () => import('../mqueue.ts'))
}
