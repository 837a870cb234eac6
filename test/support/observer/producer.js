/**
 * Sends numbered messages, a few at a time, over and over: to be added on its first two outputs, and to fetch on its
 * third. The numbers go on in the next instance of the node. At times it fetches less than it adds, at times more.
 */
let number = 0

module.exports = (RED) => {
  RED.nodes.registerType('producer', function Producer(config) {
    RED.nodes.createNode(this, config)
    let turn = 0
    const message = () => {
      number++
      return { _msgid: String(number), number, payload: number, place: `d${number % 9}n` }
    }
    const work = () => {
      this.send([message(), null, null])
      this.send([null, message(), null])
      const fetches = turn++ % 16 < 8 ? 1 : 3
      for (let i = 0; i < fetches; i++) this.send([null, null, message()])
    }
    const timer = setInterval(work, 20)
    this.on('close', () => clearInterval(timer))
  })
}
