/**
 * Loaded before node-red-dev: answers what it would ask the network, so that its other checks run
 * anywhere and always tell the same. Those answers say nothing; the test leaves them out.
 */
const path = require('node:path')

const find = (name, from) => require.resolve(name, { paths: [from] })
const tool = path.dirname(find('node-red-dev/package.json', __dirname))
const installed = require(find('node-red/package.json', __dirname))

const answers = {
  'https://catalogue.nodered.org/catalogue.json': { modules: [] },
  'https://registry.npmjs.org/node-red': {
    'dist-tags': { latest: installed.version },
    versions: { [installed.version]: installed },
  },
}
require(find('axios', tool)).get = async (url) => {
  if (!(url in answers)) throw new Error(`${url} was not expected`)
  return { data: answers[url] }
}
require(find('npm-remote-ls', tool)).ls = (_name, _version, _flat, told) => told([])
require.cache[find('npm-check', tool)] = {
  loaded: true,
  exports: async () => ({ get: () => [] }),
}
